// What the goldens are made of. All but the last two prompts were searched for: at each of 64 greedy steps the best token
// leads the second by 0.03 nats or more, so an engine within the numeric bound must choose the same.

/** One user message each, in the model's chat template. */
export const CHAT = [
  { name: 'hello', content: 'Hello' },
  { name: 'shepherd', content: 'The LORD is my shepherd' },
  { name: 'son-of-man', content: 'And he said unto me, Son of man' }
]

export const PROSE = [
  { name: 'apostle', text: 'Paul, an apostle of Jesus Christ' },
  { name: 'house', text: 'And when he was come into the house' },
  { name: 'abram', text: 'Now the LORD had said unto Abram,' },
  // Long enough to fill several KV blocks and more than one prefill tile.
  {
    name: 'psalm-23',
    text:
      'Psalms 23\nThe LORD is my shepherd; I shall not want.\nHe maketh me to lie down in green pastures: he leadeth me beside the still waters.\n' +
      "He restoreth my soul: he leadeth me in the paths of righteousness for his name's sake.\n" +
      'Yea, though I walk through the valley of the shadow of death, I will fear no evil: for thou art with me; thy rod and thy staff they comfort me.\n'
  },
  // Nothing the model has seen: flat distributions, unusual activations.
  { name: 'strange', text: 'x=1234; 日本語 🙂\r\n\r\n\tQwÜ' }
]

/** Strings to tokenise, each as plain text and with control markers parsed. */
export const STRINGS = [
  '',
  ' ',
  '  ',
  '   leading spaces',
  'trailing spaces   ',
  '\n',
  '\n\n',
  '\n\n\n',
  '\r\n',
  '\r\n\r\n\r\n',
  'a\r\nb\r\n\r\nc',
  '\t',
  '\t\tindented',
  ' \n ',
  'line\n  next',
  'In the beginning God created the heaven and the earth.',
  'And the LORD spake unto Moses, saying,',
  'the cat and the hat',
  'Hello, world!',
  'HELLO hello HeLLo',
  "I'm don't we've they'll he'd you're it's",
  "I'M DON'T WE'VE",
  "'tis 'twas 's 't",
  'x=1234; y = 5678.90',
  '1 22 333 4444 55555 666666',
  '3:16 and 10,000',
  'Hello, wörld!',
  'naïve café über Ångström',
  'e\u0301 composed é',
  '日本語',
  '中文字符，标点。',
  '한국어 문장',
  'Русский текст',
  'Ελληνικά',
  'עברית',
  'العربية',
  'हिन्दी',
  'ไทย',
  '🙂',
  '🙂🙃 👨‍👩‍👧‍👦 🇮🇱',
  '𝔘𝔫𝔦𝔠𝔬𝔡𝔢 𐍈',
  'a\u00a0b\u2003c\u200bd',
  '\u3000wide',
  '\ufeffmark',
  '\u0000nul\u0001one',
  '\u007f\u0080\u009f',
  '½ ² Ⅷ ٣',
  'a_b-c+d*e/f',
  '!!! ??? ... ---',
  '(([[{{}}]]))',
  '“quotes” ‘single’ — dash',
  'https://example.org/a?b=c&d=%20',
  'function f(x) {\n\treturn x + 1;\n}',
  '<|im_start|>',
  '<|im_end|>',
  '<|endoftext|>',
  'a<|im_end|>b',
  ' <|im_start|> user <|im_end|> ',
  '<|im_start|>user\nHello<|im_end|>\n<|im_start|>assistant\n',
  '<|im_start|><|im_start|><|im_end|>',
  '<|im_sta',
  '<|unknown|>',
  '|im_end|>',
  'ĠĊ Ġthe',
  'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa',
  'Maher-shalal-hash-baz'
]
