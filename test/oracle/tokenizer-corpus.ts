/**
 * Two thousand lines in many scripts, the same on every machine: what tokenizers are compared on. Written for the places
 * where tokenizers go wrong (whitespace of every kind, digits, case, marks, joiners, markers), not for meaning.
 */
export const CORPUS_LINES = 2000

const WORDS = [
  'the The THE and of to in that his with unto shall LORD camelCase HTTPServer iPhone McDonald xY aB',
  'über Ångström naïve café Straße œuvre Łódź niño São coração İstanbul ĳssel ǅ ﬁn',
  'и не что Русский текст Ёлка ПРИВЕТ мир слово Київ',
  'και το Ελληνικά ΛΌΓΟΣ ψυχή Ὀδυσσεύς',
  'שלום עולם בְּרֵאשִׁית مرحبا العالم السَّلامُ فارسی',
  'हिन्दी क्षत्रिय नमस्ते বাংলা தமிழ் తెలుగు',
  'สวัสดี ชาวโลก ภาษาไทย မြန်မာ ខ្មែរ ລາວ',
  '한국어 문장 안녕하세요 ㄱㄴㄷ',
  '日本語 ひらがな カタカナ 漢字 東京 ｶﾀｶﾅ',
  '中文 字符 你好 世界 繁體 𠀀𠀁',
  'ქართული Հայերեն አማርኛ ᏣᎳᎩ ᠮᠣᠩᠭᠣᠯ',
  '𝔘𝔫𝔦𝔠𝔬𝔡𝔢 𐍈𐌰 𝟙𝟚𝟛 ＡＢｃ１２'
].flatMap(words => words.split(' '))

const NUMBERS = '0 7 42 365 1234 55555 666666 3.14159 10,000 1e-9 0x1F ½ ² ³₄ Ⅷ ⅻ ٣٤٥ १२३ ๔๕ 一二三 ①② ７８９'.split(' ')
const CONTRACTIONS =
  "I'm don't we've they'll he'd you're it's I'M DON'T WE'VE THEY'LL HE'D 'tis 's 'S 'Re l'été ’s rock'n'roll".split(' ')
const MARKS = [
  'e\u0301',
  'a\u0300\u0316\u0323',
  'o\u0308\u0304',
  '\u0301alone',
  'n\u0303\u0303\u0303',
  'Z\u0351\u036b\u0343a\u035b\u0317l\u0344g\u0310o\u0321',
  'q\u0307\u0323',
  '\u0915\u094d\u0937\u093f'
]
const EMOJI = '🙂 🙃🙂 👍🏽 👩🏿‍🚀 👨‍👩‍👧‍👦 👩‍❤️‍💋‍👨 🏳️‍🌈 🏴‍☠️ 🇮🇱 🇯🇵🇧🇷 1️⃣ #️⃣ ☀️ ☀︎ ❤️‍🔥 🏴󠁧󠁢󠁥󠁮󠁧󠁿 ♀ ™ ©️'.split(' ')
const PUNCTUATION =
  '. , ; : ! ? ... … — – - _ ( ) [[ ]] {} <> </ /> // /* */ && || == != === -> => :: @ # $ % ^ & * + = ~ ` \\ | “q” ‘q’ «q» „q“ 。 、 「」 ！ ？ ؟ ، ۔ ¿ ¡ § ¶ • € £ ₹ ° ± × ÷ ∑ ∞ ← ▁ ▁▁ Ġ Ċ ĠĊ'.split(
    ' '
  )
const CODE = [
  'function f(x) {\n\treturn x + 1;\n}',
  'def f(self):\n    return {"a": [1, 2, 3]}\n',
  'for (int i = 0; i < 10; ++i)',
  'https://example.org/a_b-c?d=%20&e=1#f',
  'SELECT * FROM t WHERE a<>1;',
  '<div class="x">&amp;</div>',
  'C:\\dir\\file.txt',
  'a@b.example'
]
/** What stands between fragments; the first ones are the common ones. */
const BETWEEN = [
  ...' | | | | | ||  |   |    |\t|\t\t|\n|\n\n|\n\n\n|\r\n|\r\n\r\n|\r|\n \n| \r\n |\n\t'.split('|'),
  '\u00a0',
  '\u00a0\u00a0 ',
  ' \u00a0',
  '\u2003',
  '\u3000',
  '\u202f',
  '\u2028',
  '\u2029\n',
  '\u0085',
  '\u000b\u000c',
  '\u200b',
  '\u200d',
  '\u2060',
  '\ufeff',
  ' \ufeff ',
  '\u00ad',
  '\u0000',
  '\u0001',
  '\u001c \u001f',
  '\u007f',
  '\u009f',
  '\ufffd',
  '\ue000',
  '\ufe0f'
]
/** Blocks whose assigned letters, marks and signs have long been the same: tables of any Unicode version agree on them. */
const BLOCKS = [
  [0x21, 0x7e],
  [0xa1, 0x17f],
  [0x391, 0x3a1],
  [0x400, 0x45f],
  [0x5d0, 0x5ea],
  [0x621, 0x63a],
  [0x905, 0x939],
  [0xe01, 0xe3a],
  [0x3041, 0x3096],
  [0x4e00, 0x9fa5],
  [0xac00, 0xd7a3],
  [0x1f600, 0x1f64f],
  [0x2190, 0x21ff],
  [0x300, 0x34e]
] as const

/** A generator of numbers in [0, 1) that is the same everywhere (mulberry32). */
export function generator(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

/** `markers`: texts of control and user-defined tokens, which some lines hold whole, some in part. */
export function corpus(markers: readonly string[]): string[] {
  const random = generator(4)
  const below = (limit: number) => Math.floor(random() * limit)
  const pick = <T>(from: readonly T[]): T => from[below(from.length)]!
  const letters = () => {
    const [first, last] = pick(BLOCKS)
    return Array.from({ length: 1 + below(6) }, () => String.fromCodePoint(first + below(last - first + 1))).join('')
  }
  const markerish = () => {
    const marker = pick(markers)
    const part = marker.slice(below(marker.length), marker.length - below(marker.length))
    return random() < 0.5 ? marker : part.toWellFormed()
  }
  const kinds: (readonly [weight: number, make: () => string])[] = [
    [10, () => pick(WORDS)],
    [3, () => pick(NUMBERS)],
    [2, () => pick(CONTRACTIONS)],
    [2, () => pick(MARKS)],
    [2, () => pick(EMOJI)],
    [4, () => pick(PUNCTUATION)],
    [1, () => pick(CODE)],
    [3, letters],
    [1, markerish],
    [1, () => String(below(10 ** (1 + below(9))))],
    [1, () => pick(WORDS).toUpperCase()],
    [1, () => pick([' ', '\n', '\r\n', '\t', '-', '=', 'a', '1', '\u00a0', '字']).repeat(1 + below(40))]
  ]
  const total = kinds.reduce((sum, [weight]) => sum + weight, 0)
  const fragment = () => {
    let at = random() * total
    for (const [weight, make] of kinds) {
      at -= weight
      if (at < 0) return make()
    }
    return ''
  }
  const between = () => (random() < 0.6 ? ' ' : pick(BETWEEN))
  const line = () => {
    const edges = [random() < 0.3 ? between() : '', random() < 0.3 ? between() : '']
    const fragments = Array.from({ length: 1 + below(10) }, fragment)
    return edges[0] + fragments.reduce((text, next) => text + between() + next) + edges[1]
  }
  return ['', ' ', ...Array.from({ length: CORPUS_LINES - 4 }, line), 'a'.repeat(1000), ' '.repeat(500)]
}
