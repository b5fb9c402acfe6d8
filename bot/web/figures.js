// The day's figures (bot/staff/pages/figures.html), asked for again every half minute while somebody looks at them.

const place = document.querySelector("#figures");

setInterval(async () => {
  if (document.hidden) return;
  const answer = await fetch("/staff/numbers/figures").catch(() => null); // away: the old ones stay, with their time
  if (answer?.ok && !answer.redirected) place.innerHTML = await answer.text();
}, 30_000);
