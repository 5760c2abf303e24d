// Hands the log-in code to the page that opened this window: to exactly the origin that the desk lists, or to nobody.
"use strict";
{
  const place = document.getElementById("hand-over");
  if (window.opener) {
    window.opener.postMessage({ shuqiao: "login", code: place.dataset.code }, place.dataset.origin);
    window.close();
  } else {
    document.getElementById("no-opener").hidden = false;
  }
}
