// Go's templates: syntax, kinds, functions, errors.
#include "logs/template.h"

#include <gtest/gtest.h>

#include <set>

#include "logs/template_functions.h"

namespace trilobite::logql {
namespace {

class Labels final : public TemplateInput {
 public:
  Labels() {
    line = "the line";
    time = 1'768'436'967'100'501'248;
    now = 1'768'435'200'000'000'000;
  }
  std::string_view label(std::string_view name) const override {
    for (const auto& [key, value] : labels_) {
      if (key == name) return value;
    }
    return "";
  }
  std::vector<std::pair<std::string_view, std::string_view>> labels() const override { return labels_; }

 private:
  std::vector<std::pair<std::string_view, std::string_view>> labels_ = {{"bytes", "2.21MB"}, {"msg", "closing stream"},
                                                                        {"n", "2599"},       {"ok", "false"},
                                                                        {"ratio", "0.01"},   {"tenant", "team-c"}};
};

std::string run(std::string_view text) {
  const auto compiled = Template::compile(text);
  if (!compiled.ok()) return "compile: " + compiled.error().message;
  std::string out;
  const auto done = compiled->execute(Labels(), out);
  return done.ok() ? out : "error";
}

struct Case {
  std::string_view text, want;
};

void check(std::initializer_list<Case> cases) {
  for (const Case& c : cases) EXPECT_EQ(run(c.text), c.want) << c.text;
}

TEST(Template, Syntax) {
  check({
      {"plain", "plain"},
      {"{{.msg}}", "closing stream"},
      {"{{ .nope }}", ""},
      {"{{- .msg -}}   {{- /* comment */ -}}  .", "closing stream."},
      {"a {{- 1 }} {{ 2 -}} b", "a1 2b"},
      {"{{ $x := .msg }}{{ $x }}={{ len $x }}", "closing stream=14"},
      {"{{ $x := 1 }}{{ if true }}{{ $x = 2 }}{{ end }}{{ $x }}", "2"},
      {"{{ if .nope }}a{{ else if eq .ok \"false\" }}b{{ else }}c{{ end }}", "b"},
      {"{{ with .tenant }}[{{ . }}]{{ end }}{{ with .nope }}x{{ else }}-{{ end }}", "[team-c]-"},
      {"{{ range $i, $v := fromJson \"[7,8]\" }}{{ $i }}:{{ $v }} {{ end }}", "0:7 1:8 "},
      {"{{ range fromJson \"[1,2,3]\" }}{{ if eq . 2.0 }}{{ break }}{{ end }}{{ . }}{{ end }}", "1"},
      {"{{ range fromJson \"[]\" }}x{{ else }}none{{ end }}", "none"},
      {"{{ define \"t\" }}T{{ . }}{{ end }}{{ template \"t\" .tenant }}", "Tteam-c"},
      {"{{ block \"b\" .ok }}<{{ . }}>{{ end }}", "<false>"},
      {"{{ (index (fromJson \"{\\\"a\\\":{\\\"b\\\":[1,2]}}\") \"a\").b }}", "[1 2]"},
      {"{{ index (fromJson \"{\\\"a\\\":{\\\"b\\\":[1,2]}}\") \"a\" }}", "map[b:[1 2]]"},
      {"{{ .msg | ToUpper | printf \"%s!\" }}", "CLOSING STREAM!"},
      {"{{ . }}", "map[bytes:2.21MB msg:closing stream n:2599 ok:false ratio:0.01 tenant:team-c]"},
      {"{{ index . \"tenant\" }}", "team-c"},
      {"{{ fromJson \"no json\" }}", "<no value>"},
      {"{{ '\\n' }} {{ 0x1F }} {{ 1e3 }} {{ -5 }} {{ true }}", "10 31 1000 -5 true"},
      {"{{ `raw` }}", "raw"},
  });
}

TEST(Template, Mistakes) {
  check({
      {"{{.user", "compile: template: line:1: unclosed action"},
      {"{{ nosuchfunc .user }}", "compile: template: line:1: function \"nosuchfunc\" not defined"},
      {"{{ if .user }}x", "compile: template: line:1: unexpected EOF"},
      {"{{ end }}", "compile: template: line:1: unexpected {{end}}"},
      {"{{ $y }}", "compile: template: line:1: undefined variable \"$y\""},
      {"{{ }}", "compile: template: line:1: missing value for command"},
      {"a\n{{ /* x }}", "compile: template: line:2: unclosed comment"},
      {"{{ break }}", "compile: template: line:1: {{break}} outside {{range}}"},
      {"{{ .msg.deep }}", "error"},
      {"{{ div 1 0 }}", "error"},
      {"{{ ToUpper 5 }}", "error"},
      {"{{ eq 1 1.0 }}", "error"},
      {"{{ lt .n 5 }}", "error"},
      {"{{ template \"nope\" }}", "error"},
      {"{{ define \"t\" }}{{ template \"t\" }}{{ end }}{{ template \"t\" }}", "error"},
      {"{{ index (fromJson \"[1]\") 5 }}", "error"},
      {"{{ repeat 100000000 \"abc\" }}", "error"},
      {"{{ range 100000000 }}x{{ end }}", "error"},
      {"{{ urldecode \"%zz\" }}", "error"},
      {"{{ unixToTime \"12\" }}", "error"},
  });
  EXPECT_FALSE(Template::compile("{{ " + std::string(100'000, '(') + " }}").ok());
}

TEST(Template, Text) {
  check({
      {"{{ ToLower \"ÄB\" }} {{ upper \"größe ключ\" }} {{ title \"ab cd-ef\" }}", "äb GRÖßE КЛЮЧ Ab Cd-Ef"},
      {"{{ Replace \"aaa\" \"a\" \"b\" 2 }} {{ replace \"a\" \"c\" \"aaa\" }}", "bba ccc"},
      {"{{ Trim \"xxaxx\" \"x\" }} {{ TrimLeft \"xxa\" \"x\" }} {{ TrimRight \"axx\" \"x\" }}", "a a a"},
      {"{{ TrimPrefix \"abc\" \"ab\" }} {{ TrimSuffix \"abc\" \"bc\" }} {{ TrimSpace \"  a \" }}", "c a a"},
      {"{{ trim \" a \" }} {{ trimAll \"x\" \"xax\" }} {{ trimPrefix \"a\" \"ab\" }} {{ trimSuffix \"b\" \"ab\" }}",
       "a a b a"},
      {"{{ trunc 5 .msg }}|{{ trunc -6 .msg }}|{{ trunc 500 .msg }}", "closi|stream|closing stream"},
      {"{{ .msg | substr 2 6 }}|{{ .msg | substr -1 3 }}|{{ .msg | substr 3 -1 }}", "osin|clo|sing stream"},
      {"{{ repeat 3 \"ab\" }} {{ contains \"a\" \"cat\" }} {{ hasPrefix \"c\" \"cat\" }} {{ hasSuffix \"c\" \"cat\" }}",
       "ababab true true false"},
      {"[{{ indent 2 \"a\\nb\" }}] [{{ nindent 2 \"a\" }}]", "[  a\n  b] [\n  a]"},
      {"[{{ alignLeft 5 \"añ\" }}] [{{ alignRight 5 \"añ\" }}] [{{ alignLeft 2 \"abc\" }}] [{{ alignRight 2 \"abc\" "
       "}}]",
       "[añ   ] [   añ] [ab] [bc]"},
      {"{{ default \"n/a\" .nope }} {{ default \"n/a\" .tenant }}", "n/a team-c"},
      {"{{ regexReplaceAll \"(\\\\w+) (\\\\w+)\" .msg \"${2} $1\" }}", "stream closing"},
      {"{{ regexReplaceAllLiteral \"(\\\\w+) \" .msg \"$1!\" }}", "$1!stream"},
      {"{{ regexReplaceAll \"x*\" \"abc\" \"-\" }}", "-a-b-c-"},
      {"{{ .msg | count \"s\" }}", "2"},
  });
}

TEST(Template, Numbers) {
  check({
      {"{{ add .n 1 }} {{ sub .n 1 }} {{ mul .n 2 }} {{ div .n 7 }} {{ mod .n 7 }}", "2600 2598 5198 371 2"},
      {"{{ add 1 2 3 }} {{ mul 2 3 4 }}", "6 24"},
      {"{{ addf .ratio 0.5 }} {{ subf .ratio 0.25 }} {{ mulf .ratio 2 }} {{ divf .ratio 4 }}",
       "0.51 -0.24 0.02 0.0025"},
      {"{{ addf 0.1 0.2 }}", "0.3"},
      {"{{ max 1 5 3 }} {{ min 4 2 }} {{ maxf 1.5 2 }} {{ minf 1.5 2 }}", "5 2 2 1.5"},
      {"{{ ceil 1.2 }} {{ floor 1.8 }} {{ round 1.255 1 }} {{ round -2.5 0 }}", "2 1 1.3 -3"},
      {"{{ int \"12.0\" }} {{ int \"x\" }} {{ float64 \"2.5\" }}", "12 0 2.5"},
      {"{{ .bytes | bytes }} {{ duration \"1.5s\" }} {{ duration_seconds \"2m\" }}", "2.21e+06 1.5 120"},
  });
}

TEST(Template, Times) {
  check({
      {"{{ __timestamp__ }}", "2026-01-15 00:29:27.100501248 +0000 UTC"},
      {"{{ __timestamp__ | unixEpoch }} {{ __timestamp__.Unix }}", "1768436967 1768436967"},
      {"{{ __timestamp__ | date \"2006-01-02T15:04:05.000Z07:00 Mon Jan _2\" }}",
       "2026-01-15T00:29:27.100Z Thu Jan 15"},
      {"{{ unixToTime \"1768435200\" | date \"2006-01-02\" }} {{ unixToTime \"1768435200123\" | unixEpochMillis }} {{ "
       "unixToTime \"20468\" | unixEpoch }}",
       "2026-01-15 1768435200123 1768435200"},
      {"{{ toDate \"2006-01-02\" \"2026-01-15\" | unixEpoch }}", "1768435200"},
      {"{{ toDateInZone \"2006-01-02T15:04:05.000Z\" \"UTC\" \"2026-01-15T00:29:27.100Z\" | unixEpochMillis }}",
       "1768436967100"},
      {"{{ toDate \"2006-01-02\" \"nonsense\" | unixEpoch }}", "-62135596800"},
      {"{{ now | unixEpochNanos }}", "1768435200000000000"},
      {"{{ toDate \"02/Jan/2006:15:04:05 -0700\" \"15/Jan/2026:01:00:00 +0100\" | unixEpoch }}", "1768435200"},
  });
}

TEST(Template, Codecs) {
  check({
      {"{{ b64enc .msg }} {{ b64enc .msg | b64dec }} {{ b64enc \"a\" }}", "Y2xvc2luZyBzdHJlYW0= closing stream YQ=="},
      {"{{ b64dec \"!!!\" }}", "illegal base64 data at input byte 0"},
      {"{{ urlencode .msg }} {{ urldecode \"a%20b%2Fc+d\" }}", "closing+stream a b/c d"},
      {"{{ $o := fromJson \"{\\\"s\\\":[{\\\"id\\\":0}],\\\"l\\\":[1.5,2]}\" }}{{ range $o.s }}{{ .id }}{{ end }} {{ "
       "index $o.l 1 }}",
       "0 2"},
  });
}

TEST(Template, BuiltIn) {
  check({
      {"{{ print .tenant .ok }} {{ println .ok }}", "team-cfalse false\n"},
      {"{{ print 1 2 \"a\" }}", "1 2a"},
      {"{{ printf \"%5.1f|%-5s|%05d|%x|%q|%t|%v|%%\" 2.25 \"ab\" 42 255 \"q\" true 1.5 }}",
       "  2.2|ab   |00042|ff|\"q\"|true|1.5|%"},
      {"{{ printf \"%d\" \"x\" }} {{ printf \"%s\" }}", "%!d(string=x) %!s(MISSING)"},
      {"{{ or (eq .tenant \"a\") (ne .ok \"true\") }} {{ and 1 0 }} {{ not .nope }} {{ or .nope \"x\" }}",
       "true 0 true x"},
      {"{{ eq .ok \"a\" \"false\" }} {{ lt 1 2 }} {{ ge \"b\" \"a\" }} {{ gt 2.5 1.0 }}", "true true true true"},
      {"{{ len .msg }} {{ slice .msg 1 3 }} {{ html \"<a>\" }} {{ js \"'\" }} {{ urlquery \"a b\" }}",
       "14 lo &lt;a&gt; \\' a+b"},
      {"{{ __line__ }} {{ len __line__ }}", "the line 8"},
  });
}

TEST(Template, FieldsAreKnownAhead) {
  const auto text = Template::compile("{{ if .a }}{{ .b | ToUpper }}{{ end }}{{ $x := .c }}{{ $x }}");
  ASSERT_TRUE(text.ok());
  EXPECT_EQ(text->fields(), (std::vector<std::string>{"a", "b", "c"}));
  EXPECT_FALSE(text->all_labels());
  EXPECT_TRUE(Template::compile("{{ . }}")->all_labels());
  EXPECT_TRUE(Template::compile("{{ index . \"x\" }}")->all_labels());
}

TEST(Template, FunctionNamesAreUnique) {
  std::set<std::string_view> names;
  for (const auto& table : template_functions()) {
    for (const TemplateFunction& function : table) EXPECT_TRUE(names.insert(function.name).second) << function.name;
  }
  EXPECT_GT(names.size(), 80U);
}

}  // namespace
}  // namespace trilobite::logql
