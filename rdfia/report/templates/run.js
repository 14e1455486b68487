{% include "page.js" %}
{% include "shade.js" %}
{% include "charts.js" %}
