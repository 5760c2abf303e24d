// Log-in happens in a window at our own address, so that the host page never sees a password. The window sends back a
// code that works once; an empty one when it was closed, none when the browser opens no windows.

const LOOK = 500;

export function logIn(api, slug) {
  const query = new URLSearchParams({ desk: slug, origin: location.origin });
  const opened = window.open(api.address(`/login/window?${query}`), "shuqiao-login", "popup,width=440,height=640");
  if (!opened) return; // the browser would not
  return new Promise((fulfil) => {
    const done = (code) => {
      removeEventListener("message", heard);
      clearInterval(looking);
      fulfil(code);
    };
    const heard = ({ origin: from, data, source }) => {
      if (from === api.origin && source === opened && data?.shuqiao === "login" && typeof data.code === "string")
        done(data.code);
    };
    const looking = setInterval(() => opened.closed && setTimeout(() => done(""), LOOK), LOOK); // given up, or its message is still under way
    addEventListener("message", heard);
  });
}
