// Every sentence the operators' screen says by itself; what it answers comes from the server, what always stands there
// from screen.html.
export const WORDS = {
  unreachable: "连不上服务器，您填的都还在，连上以后再试一次。",
  failed: "服务器出了点问题，您填的都还在，请再试一次。",

  kinds: { programme: "事项", clause: "条文", document: "通知" },
  subjects: { unit: "单位", person: "个人" },
  found: (n) => (n ? `${n} 条，用上下键选` : "没有查到，换个说法或首字母试试"),
  elsewhere: "不管这个地点",
  opens: (title) => `打开“${title}”`,
  again_opens: (title) => `再按 Enter 打开“${title}”`,
  in_clause: (number, item) => `${number} ${item}`,

  unsure: "不清楚",
  done: "确定",
  again: "改",
  choose: (n) => `请按 1 到 ${n}`,
  wrong: {
    number: "要填整数，比如 28",
    percent: "要填数，比如 5 或 17.9",
    money: "要填钱数，比如 120000 或 12万",
    date: "日期要写到日，比如 20210901",
    multi: "填选项前面的数，用空格隔开",
  },
  how: {
    date: "写到日，如 20210901；只知道月份，就月初、月末各试一次。",
    money: "也可以写 12万。",
    multi: "可以选几个，用空格隔开，再按 Enter。",
  },
  units: { yuan: "元", percent: "%", months: "个月", days: "天", year: "年" },
  to_ask: "还要问",
  asked_as: (day, place) => `按 ${day} 的规定，${place}`,
  wrong_day: "日期要写到日，比如 20210901 或 9-1；还按原来的日子算。",

  somebody_else: "这个浏览器里已经换了人登录：请用原来的账号登录，或者重新打开这一页。",

  duty: "部门的职责",
  verdicts: {
    eligible: "符合",
    ineligible: "不符合",
    conditional: "还要看别的条件",
    not_in_notice: "通知没有写",
  },
  subject: (title, verdict) => (verdict ? `${title}：${verdict}` : title),
  kept: (id) => `已记下，工单 ${id}。`,
  not_kept: (why) => `还没有记下：${why}`,
  earlier_not_kept: (why) => `上一通电话的工单还没有记下：${why}`,
  keep_again: "再记一次",
  see_case: "打开（新窗口）",
  wrong_follow_up: "回访日期写 +3、12-5 或 20211205。",
};
