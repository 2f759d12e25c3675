// What is wrong with a text, as the server says it: "line 4: rules[0].expr: ...; line 9: ...".

export interface Problem {
  line?: number; // from 1; unknown for what is said of the whole
  text: string;
  near?: string[]; // names that may have been meant by an unknown one
}

const kLine = /(?:^|[\s:(])line (\d+)(?:,? col(?:umn)? \d+)?:?\s*/i;

export function problemsOf(message: string): Problem[] {
  return message
    .split(/\n|;\s+(?=line \d)/)
    .map((each) => each.trim())
    .filter((each) => each !== "")
    .map((each) => {
      const found = kLine.exec(each);
      if (!found) return withNear({ text: each });
      // "line 4: ..." loses its beginning, which the place says already; in the midst it stays.
      const text = found.index === 0 ? each.slice(found[0].length) : each;
      return withNear({ line: Math.max(1, Number(found[1])), text: text === "" ? each : text });
    });
}

const kUnknown = /^(.*?)(\w+)?(: unknown name|unknown name "(\w+)"); known are (.+)$/s;
const kNearMax = 3; // edits

// A list of all names that are known helps less than the ones that look like what was written.
function withNear(problem: Problem): Problem {
  const found = kUnknown.exec(problem.text);
  if (!found) return problem;
  const [, before = "", last = "", said = "", quoted, known = ""] = found;
  const wrong = quoted ?? last;
  const near = known
    .split(/,\s*/)
    .map((name) => ({ name, far: distance(wrong, name) }))
    .filter(({ far }) => far <= Math.min(kNearMax, Math.ceil(wrong.length / 2)))
    .sort((a, b) => a.far - b.far)
    .map(({ name }) => name);
  return { ...problem, text: `${before}${last}${said}`, near: near.slice(0, kNearMax) };
}

// How many letters are put in, left out or changed between two words.
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const change = row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(change, row[j]! + 1, next[j - 1]! + 1));
    }
    row = next;
  }
  return row[b.length]!;
}

// Secrets are never shown; saved as they stand they would be lost.
export function hiddenSecrets(yaml: string): number[] {
  return yaml.split("\n").flatMap((line, index) => (line.includes("<secret>") ? [index + 1] : []));
}

// The value of a key of the outermost mapping: the name of what the text describes.
export function topValue(yaml: string, key: string): string | undefined {
  for (const line of yaml.split("\n")) {
    const found = new RegExp(`^(?:- )?["']?${key}["']?\\s*:\\s*(.*)$`).exec(line);
    if (found) return scalarOf(found[1]!.trim());
  }
  return undefined;
}

function scalarOf(text: string): string | undefined {
  const double = /^"((?:[^"\\]|\\.)*)"/.exec(text);
  if (double) return double[1]!.replace(/\\(.)/g, "$1");
  const single = /^'((?:[^']|'')*)'/.exec(text);
  if (single) return single[1]!.replace(/''/g, "'");
  const plain = text.replace(/\s+#.*$/, "").trim();
  return plain === "" || plain.startsWith("#") ? undefined : plain;
}
