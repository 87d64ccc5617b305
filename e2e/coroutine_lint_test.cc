#include "e2e/coroutine_lint.h"

#include <doctest/doctest.h>

using namespace heirloom::e2e;

namespace {

SourceFile body(const std::string& code) {
  const std::string text = "Task<void> f() {\n" + code + "\n}\n";
  return {"x/x.cc", text, without_comments_and_literals(text)};
}

SourceFile plain(const std::string& text) { return {"x/x.cc", text, without_comments_and_literals(text)}; }

struct Case {
  const char* because;
  const char* code;
  bool allowed;
};

}  // namespace

TEST_CASE("expressions with co_await hold no temporaries that GCC 12 destroys twice") {
  const Case kCases[] = {
      {"one await into a local", "auto x = co_await g(std::move(y));", true},
      {"an aggregate as an argument", "auto x = co_await g(Agg{1, 2});", false},
      {"an unnamed aggregate as an argument", "auto x = co_await g({1, 2});", false},
      {"await inside an initialiser", "Agg a{.x = co_await g()};", false},
      {"await inside an assigned initialiser", "a = {1, co_await g()};", false},
      {"a lambda as an argument", "co_await g([x] { return x; });", false},
      {"a lambda in a statement of its own", "auto l = [x] { return x; };\nco_await g(l);", true},
      {"await inside a lambda's own body", "spawn([](int x) -> Task<void> { co_await g(x); });", true},
      {"braces in the statement before", "Agg a{1, 2};\nco_await g(std::move(a));", true},
      {"await in a condition, then a block", "if (co_await g()) { h(Agg{1}); }", true},
      {"await after a block", "if (x) { y = {}; }\nco_await g();", true},
      {"await after else", "if (x) { y(); } else { co_await g(); }", true},
      {"await in a conditional operator", "auto x = a ? co_await g() : 1;", false},
      {"await behind &&", "if (a && co_await g()) h();", false},
      {"a choice among the arguments", "co_await g(a ? 1 : 2);", true},
      {"a choice in the head before", "if (a && b) co_await g();", true},
      {"a choice over the outcome", "auto x = co_await g() ? 1 : 2;", false},
      {"await in an assertion", "CHECK(co_await g());", false},
      {"structured bindings", "auto [a, b] = co_await g();", true},
      {"a subscript", "co_await g(v[1]);", true},
      {"braces inside quotes", "co_await g(\"{}\");", true},
      {"in a macro of ours", "CO_TRY(auto x, co_await g(y));", true},
      {"in a macro of ours with braces", "CO_TRY(auto x, co_await g(Y{}));", false},
      {"in the head of a range-for", "for (auto& s : std::vector<int>{co_await g(), 1}) {}", false},
      {"an attribute", "[[maybe_unused]] auto x = co_await g();", true},
  };
  for (const auto& row : kCases) {
    CAPTURE(row.because);
    CHECK(awaits_with_temporaries(body(row.code)).empty() == row.allowed);
  }
}

TEST_CASE("functions after a type definition are read from a clean start") {
  CHECK(awaits_with_temporaries(plain("struct A {\n  int x{1};\n};\nTask<void> f() {\n  co_await g();\n}\n"))
            .empty());
  CHECK(awaits_with_temporaries(plain("namespace a {\nTask<void> A::f() const {\n  co_await g();\n}\n}\n"))
            .empty());
  CHECK(awaits_with_temporaries(plain("A::A() : x_{1} {}\nTask<void> f() {\n  co_await g();\n}\n")).empty());
  CHECK(awaits_with_temporaries(plain("auto f() -> Task<void> {\n  co_await g();\n}\n")).empty());
}

TEST_CASE("coroutines borrow nothing from their caller") {
  const Case kCases[] = {
      {"values", "Task<Result<Json>> get(ObjectRef ref, GetOptions options);", true},
      {"a reference", "Task<void> f(const std::string& s);", false},
      {"a moved-from reference", "Task<void> f(std::string&& s);", false},
      {"a view", "Task<void> f(std::string_view s);", false},
      {"a view of ours", "Task<Result<int>> A::f(int a,\n    JsonView v) {", false},
      {"a function type", "std::function<Task<void>(const A&)> f;", true},
      {"a variable", "Task<void> pending;", true},
      {"another type whose name ends so", "SubTask<void> f(const A& a);", true},
      {"a function that only passes a task on", "Task<void> f(const A& a);  // not a coroutine", true},
  };
  for (const auto& row : kCases) {
    CAPTURE(row.because);
    CHECK(coroutines_with_borrowed_parameters(plain(row.code)).empty() == row.allowed);
  }
}
