// Several parts that join in at the same places of the task page (task.js): each has its turn, in their order.

const PLACES = { beforeShow: "turns", afterSaved: "turns", staysUntilSaved: "any", signals: "all" };

export function joined(parts) {
  const whole = {};
  for (const [place, how] of Object.entries(PLACES)) {
    const acts = parts.map((part) => part[place]).filter(Boolean);
    if (acts.length) whole[place] = WAYS[how](acts);
  }
  return whole;
}

const WAYS = {
  turns: (acts) => async (...given) => {
    for (const act of acts) await act(...given);
  },
  any: (acts) => () => acts.some((act) => act()),
  all: (acts) => () => Object.assign({}, ...acts.map((act) => act())),
};
