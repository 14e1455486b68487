/* uPlot: {% include "uplot/LICENSE" %}*/
{% include "uplot/uPlot.iife.min.js" %}

{% include "chart.js" %}
{% include "curves.js" %}
