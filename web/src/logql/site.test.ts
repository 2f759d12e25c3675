import { describe, expect, it } from "vitest";
import { siteAt } from "./site";

// `^` marks the cursor.
const site = (marked: string) => {
  const pos = marked.indexOf("^");
  const found = siteAt(marked.replace("^", ""), pos);
  return found && { ...found, from: marked.slice(found.from, pos) }; // what has been typed of the word
};

describe("where completion stands", () => {
  it("is told from half-written text", () => {
    const cases: [string, object | undefined][] = [
      ["^", { kind: "expression", from: "" }],
      ["su^", { kind: "expression", from: "su" }],
      ["{^", { kind: "labelName", from: "", present: [] }],
      ["{^}", { kind: "labelName", from: "", present: [] }],
      ["{serv^}", { kind: "labelName", from: "serv", present: [] }],
      ['{app="a", ho^}', { kind: "labelName", from: "ho", present: ["app"] }],
      ['{app="a,b", ^', { kind: "labelName", from: "", present: ["app"] }],
      ["{app^}", { kind: "labelName", from: "app", present: [] }],
      ["{app ^}", { kind: "matchOperator", from: "" }],
      ["{app=^}", { kind: "matchOperator", from: "=" }],
      ['{app="^"}', { kind: "labelValue", from: "", name: "app", selector: "" }],
      ['{env="prod", app=~"ap^"}', { kind: "labelValue", from: "ap", name: "app", selector: '{env="prod"}' }],
      ["{app=`a^", { kind: "labelValue", from: "a", name: "app", selector: "" }],
      ['{app="a"} ^', { kind: "pipe", from: "" }],
      ['{app="a"} |^', { kind: "stage", from: "", parsed: false }],
      ['{app="a"} | js^', { kind: "stage", from: "js", parsed: false }],
      ['{app="a"} | json | st^', { kind: "stage", from: "st", parsed: true }],
      ['{app="a"} | json | status ^', { kind: "filterOperator", from: "" }],
      ['{app="a"} | json | status >^', { kind: "filterOperator", from: ">" }],
      ['{app="a"} | json | status="^', { kind: "fieldValue", from: "", name: "status" }],
      ['{app="a"} | json ^', { kind: "pipe", from: "" }],
      ['{app="a"} |= "ti^', undefined],
      ['rate({app="a"}[^', { kind: "range", from: "" }],
      ["sum by (^) ()", { kind: "grouping", from: "" }],
      ["sum by (a, le^", { kind: "grouping", from: "le" }],
      ['{app="a"} # rate^', undefined],
      ['{app="#"} | j^', { kind: "stage", from: "j", parsed: false }],
    ];
    for (const [marked, want] of cases) expect([marked, site(marked)]).toEqual([marked, want]);
  });
});
