// Every sentence the widget says by itself; what the assistant says comes from the server.
export const WORDS = {
  // what it is
  name: "稳岗",
  about: "本溪就业政策助手",
  launch: "政策助手",
  close: "收起",
  page: "打开助手的网页",

  // before the first message
  intro: "就业补贴能不能领、领多少、到哪天，问我就行。",
  how: "我按通知一条一条判断，并把原文给您看。",
  rules: "看全部规则",
  examples: [
    "我们公司能领稳岗返还吗",
    "失业补助金申请到什么时候",
    "应届毕业生能领求职创业补贴吗",
    "我这样算就业困难人员吗",
    "灵活就业社保补贴还能延长吗",
    "考下技能证书能领补贴吗",
  ],
  ask_like_this: "可以这样问",
  privacy_more: "存什么、怎么删",

  // the conversation
  log: "对话",
  earlier: "看更早的",
  scroll: "对话内容",
  you: "您说：",
  assistant: "助手：",
  operator: "工作人员：",
  typing: "正在查通知",
  text: "您的问题",
  ready: "想问什么，直接打字",
  answer: "也可以直接打字回答",
  no_numbers: "请不要发送身份证号",
  send: "发送",
  count: (n, limit) => `${n}/${limit}`,
  too_long: (n, limit) => `多了 ${n - limit} 个字，请分几次说`,

  // ways to answer
  choices: "快捷回答",
  several: "可以选几项",
  confirm: "确定",
  unsure: "不知道",
  none: "以上都不是", // of a question that may have several answers: this one excludes the others
  number: "填个数",
  date: "选个日期",
  units: { percent: "%", money: "元" },

  // a decision
  verdicts: {
    eligible: "符合",
    ineligible: "不符合",
    conditional: "还要看别的条件",
    needs_info: "还要再问几句",
    not_in_notice: "通知没有写",
  },
  then: "按当时规定",
  windows: { closed: "已截止", replaced: "已被新文件取代", not_yet: "还没有发布" },
  amount: "金额",
  deadline: "截止",
  lacking: "还差",
  at_most: (yuan) => `最高 ${yuan} 元`,
  exactly: (yuan) => `${yuan} 元`,
  between: (low, high) => `${low} 到 ${high}`,
  months: (n) => `最多 ${n} 个月`,
  closed_on: (day) => `${day}（已过）`,
  basis: (n) => `依据（${n} 条原文）`,
  more: (n) => `还有 ${n} 条相关原文`,
  in_full: "在通知全文里看",
  new_window: "（新窗口）",
  copy: "复制",
  copied: "已复制",
  not_copied: "没能复制，请长按文字自己选",
  share: "分享",
  print: "打印",
  print_title: "稳岗 · 政策助手的判断",
  print_foot: (day) => `打印于 ${day}。判断供参考，以经办机构核定为准；咨询电话 12333。`,
  as_of_is: (day) => `按 ${day} 的规定`,

  // what it believes
  profile: "我记下的情况",
  edit: "改",
  edit_of: (label) => `改“${label}”`,
  edit_to: (label) => `“${label}”改成`,
  correction: (right) => `不对，${right}`,
  correction_of: (label, value) => `不对，${label}是${value}`, // somebody wrote the number alone
  cancel: "不改了",

  // was it of use
  useful: "有用",
  useless: "没用",
  feedback: "这个回答有用吗",
  why_useless: "记下了。哪里不好？（可以不选）",
  reasons: { unclear: "没看懂", not_asked: "不是我问的", wrong: "答错了", incomplete: "没说全", outdated: "过时了" },
  thanks: "谢谢，记下了。",
  feedback_failed: "没有记上，请过一会儿再点。",

  // menu
  menu: "菜单",
  human: "转人工",
  restart: "重新开始",
  privacy: "隐私与删除",
  elder: "长者版",
  read_all: "朗读回答",
  read: "读给我听",
  stop_reading: "别读了",
  back: "返回对话",

  // the date
  today: "今天",
  by: "按",
  as_of: "办理日期",
  day: (year, month, day) => `${year}年${Number(month)}月${Number(day)}日`,
  as_of_ask: "想按哪一天的规定来看？",
  as_of_set: "按这天看",
  as_of_reset: "恢复默认",
  as_of_why: "政策有期限。要核对当年能不能领，就把日期改成当年的那一天。",
  date_note: (day) => `以下按 ${day} 的规定回答`,

  // beginning anew, erasing
  restart_ask: "重新开始？",
  restart_why: "我会忘掉您说过的情况，从头问起。上面的对话还看得到；要连对话一起删掉，请到“隐私与删除”。",
  erase: "删除这段对话",
  erase_yes: "确定删除",
  erase_no: "不删",
  erased_at: (when) => `${when} 由服务器核对。`,
  erase_failed: "没有删成，您的记录还在，请过一会儿再试。",
  nothing: "您还没有说过话，没有什么可删的。",

  // when something is in the way
  offline: "网络断开了。您可以接着写，恢复后自动发出去。",
  queued: "还没发出去，网络恢复后自动发",
  again_soon: "还没发出去，过几秒自动再试",
  retry: "重试",
  retry_now: "现在就试",
  failed: "出了点问题，没有办成。",
  anew: "前面的对话已经过期，从这里重新开始。",
  unreachable: "暂时连不上助手，正在重试。急用请拨打 12333。",
};
