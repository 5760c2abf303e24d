// On a narrow screen the step in hand is brought into sight.

/** Scrolls the bar of steps to the current one. */
export function showCurrent() {
  const tab = document.querySelector(".store-tabs [aria-current]");
  if (tab) tab.parentElement.scrollLeft = tab.offsetLeft - (tab.parentElement.clientWidth - tab.offsetWidth) / 2;
}

showCurrent();
