{% include "sort.js" %}
{% include "tables.js" %}
{% include "filter.js" %}
{% include "contents.js" %}
{% include "print.js" %}
{% include "copy.js" %}
{% include "fold.js" %}
