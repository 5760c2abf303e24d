// On a narrow screen menus and tabs scroll sideways: where one is comes into sight.
for (const here of document.querySelectorAll(".site-nav > [aria-current], .tabs > [aria-current]")) {
  const bar = here.parentElement;
  bar.scrollLeft = here.offsetLeft - bar.offsetLeft - (bar.clientWidth - here.offsetWidth) / 2;
}
