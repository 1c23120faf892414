// Follow a run: ask the server once a second what is new.

let version = page.version;

async function follow() {
  if (document.hidden) return;
  const answer = await fetch(`state?after=${page.run.history.best.length}`);
  if (!answer.ok) throw new Error(`the server answers ${answer.status}`);
  const news = await answer.json(), { history } = page.run;
  for (const name of ["best", "mean"]) {
    history[name].length = news.from;
    history[name].push(...news.run.history[name]);
  }
  page.run = { ...news.run, history };
  if (news.version !== version) {
    const { facts, packed, version: newest } = await (await fetch("episode")).json();
    display([await Shown.make(facts, packed)]);
    version = newest;
  }
  problem(news.problem);
  figures();
}

async function forever() {
  await opened;
  for (;;) {
    await new Promise((done) => setTimeout(done, 1000));
    await follow().catch((error) => problem(`The page does not get news of the run: ${error.message}. Is conncore watch running?`));
  }
}
forever();
