/* uPlot: {% include "uplot/LICENSE.txt" %}*/
{% include "uplot/uPlot.iife.min.js" %}

{% include "chart.js" %}
{% include "curves.js" %}
