import { HighlightStyle, LanguageSupport, LRLanguage, syntaxHighlighting } from "@codemirror/language";
import { parser } from "@grafana/lezer-logql";
import { styleTags, tags } from "@lezer/highlight";

// The published grammar, with colours for its nodes.
const language = LRLanguage.define({
  name: "logql",
  parser: parser.configure({
    props: [
      styleTags({
        LineComment: tags.comment,
        "Identifier LabelName": tags.propertyName,
        String: tags.string,
        "Number Duration Range Bytes": tags.number,
        "Json Logfmt Unpack Pattern Regexp Unwrap LabelFormat LineFormat Decolorize Drop Keep": tags.keyword,
        "By Without On Ignoring GroupLeft GroupRight And Or Unless Offset Bool": tags.keyword,
        "RangeOp/... VectorOp/... LabelReplace Vector ConvOp/... Ip": tags.function(tags.name),
        "Eq Neq Re Nre Gtr Gte Lss Lte Eql Filter/... FilterOp/... Pipe PipeExact PipeMatch PipePattern Npa":
          tags.operator,
        "Add Sub Mul Div Mod Pow": tags.operator,
      }),
    ],
  }),
  languageData: { closeBrackets: { brackets: ["(", "[", "{", '"', "`"] }, commentTokens: { line: "#" } },
});

const style = HighlightStyle.define([
  { tag: tags.comment, color: "var(--syntax-comment)", fontStyle: "italic" },
  { tag: tags.propertyName, color: "var(--syntax-label)" },
  { tag: tags.string, color: "var(--syntax-string)" },
  { tag: tags.number, color: "var(--syntax-number)" },
  { tag: tags.keyword, color: "var(--syntax-keyword)" },
  { tag: tags.function(tags.name), color: "var(--syntax-function)" },
  { tag: tags.operator, color: "var(--syntax-operator)" },
]);

export function logql(): LanguageSupport {
  return new LanguageSupport(language, [syntaxHighlighting(style)]);
}
