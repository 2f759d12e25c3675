// Templates as alerts have them: what Go's parser takes, and what it says of the rest.
#include "alerting/template_check.h"

#include <gtest/gtest.h>

namespace trilobite::alerting {
namespace {

TEST(TemplateCheck, WhatCanBeParsed) {
  for (const char* text :
       {"", "no action { } }}", "{{ $labels.job }} is at {{ $value | humanize }}", "{{- .Value -}}",
        "{{/* a comment */}}x", "{{ with query \"up\" }}{{ . | first | value }}{{ end }}",
        "{{ range $i, $e := query `a{b=\"c\"}` }}{{ $i }}{{ $e.Labels.x }}{{ else }}none{{ end }}",
        "{{ if and (eq $labels.a \"x\\\"y\") (gt $value 1.5) }}a{{ else if not $value }}b{{ else }}c{{ end }}",
        "{{ $x := 3 }}{{ $x = -4 }}{{ printf \"%.2f\" $x }}", "{{ define \"t\" }}x{{ end }}{{ template \"t\" . }}",
        "{{ range query \"a\" }}{{ if .Value }}{{ break }}{{ end }}{{ end }}", "{{ $externalURL }}{{ $.Labels }}"}) {
    EXPECT_EQ(template_error(text), std::nullopt) << text;
  }
}

TEST(TemplateCheck, WhatIsWrong) {
  const struct {
    const char* text;
    const char* error;
  } kCases[] = {
      {"{{ $labels.x", "unclosed action"},
      {"{{ \"x }}", "unterminated quoted string"},
      {"{{ `x }}", "unterminated raw quoted string"},
      {"{{/* x }}", "unclosed comment"},
      {"{{/* x */ y}}", "comment ends before closing delimiter"},
      {"{{ nofunc 1 }}", "function \"nofunc\" not defined"},
      {"{{ $foo }}", "undefined variable \"$foo\""},
      {"{{ if true }}{{ $x := 1 }}{{ end }}{{ $x }}", "undefined variable \"$x\""},
      {"{{ if true }}x", "unexpected EOF"},
      {"{{ end }}", "unexpected {{end}}"},
      {"{{ else }}", "unexpected {{else}}"},
      {"{{ if 1 }}{{ else }}{{ else }}{{ end }}", "unexpected {{else}}"},
      {"{{ if }}x{{ end }}", "missing value for if"},
      {"{{ }}", "missing value for command"},
      {"{{ $value | }}", "missing value for command"},
      {"{{ () }}", "missing value for command"},
      {"{{ (1 }}", "unclosed left paren"},
      {"{{ 1) }}", "unexpected right paren"},
      {"{{ break }}", "{{break}} outside {{range}}"},
      {"{{ template x }}", "unexpected \"x\" in template clause"},
      {"{{ a % b }}", "unexpected \"%\" in command"},
  };
  for (const auto& one : kCases) EXPECT_EQ(template_error(one.text).value_or("nothing"), one.error) << one.text;
}

}  // namespace
}  // namespace trilobite::alerting
