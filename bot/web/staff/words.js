// Every sentence the operators' screen says by itself; what it answers comes from the server, what always stands there
// from screen.html.
export const WORDS = {
  unreachable: "连不上服务器，您填的都还在，请再按一次。",
  failed: "服务器出了点问题，您填的都还在，请再按一次。",
};
