// Rules about the whole repository that no compiler checks: who may include whom, where time and chance come
// from, and what never stands in a file. Every rule is a function from files to violations, so that it is
// tested itself below.

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <regex>
#include <set>

#include "e2e/coroutine_lint.h"
#include "e2e/source_text.h"

using namespace heirloom::e2e;

namespace {

using Sources = std::vector<SourceFile>;

const Sources& repository() {
  static const Sources kSources = read_sources(".");  // tests run in the root of the repository
  return kSources;
}

// Lower layers first; a folder sees what is listed for it and itself.
const std::map<std::string, std::set<std::string>> kMayInclude = {
    {"base", {}},
    {"net", {"base"}},
    {"schema", {"base"}},
    {"apis", {"base", "schema"}},
    {"policies", {"base", "schema", "apis"}},
    {"kube", {"base", "net", "schema", "apis"}},
    {"server", {"base", "net", "schema", "apis"}},
    {"dispatcher", {"base", "net", "schema", "apis", "policies", "kube"}},
    {"core", {"base", "net", "schema", "apis", "policies", "kube", "dispatcher"}},
    {"cmd", {"base", "net", "schema", "apis", "policies", "kube", "server", "dispatcher", "core"}},
};

bool may_include(const SourceFile& file, const std::string& included) {
  const auto from = file.folder();
  const auto to = included.substr(0, included.find('/'));
  const auto row = kMayInclude.find(from);
  if (from == to || row == kMayInclude.end()) return true;  // e2e and bench see everything
  if (row->second.contains(to)) return true;
  // The in-process API is the one place where the server knows the client's interface.
  if (from == "server" && included == "kube/api.h")
    return file.name().starts_with("local_api") || file.is_test();
  // Our server is the test bench of what talks to a server.
  const bool client = from == "kube" || from == "dispatcher" || from == "core";
  return file.is_test() && ((client && to == "server") || from == "server");
}

Violations wrong_includes(const Sources& sources) {
  static const std::regex kInclude(R"re(^[ \t]*#[ \t]*include[ \t]+"([^"]+)")re", std::regex::multiline);
  std::set<std::string> known;
  for (const auto& file : sources) known.insert(file.path);
  Violations found;
  for (const auto& file : sources) {
    if (!file.is_cpp()) continue;
    for (std::sregex_iterator it(file.text.begin(), file.text.end(), kInclude), end; it != end; ++it) {
      const auto included = (*it)[1].str();
      const auto line = line_of(file.text, static_cast<size_t>(it->position()));
      if (!known.contains(included)) {
        found.push_back(fmt::format("{}:{}: \"{}\" is no path from the root of the repository", file.path,
                                    line, included));
      } else if (!may_include(file, included)) {
        found.push_back(fmt::format("{}:{}: {} is above {} or beside it; a folder includes only lower ones",
                                    file.path, line, included, file.folder()));
      }
    }
  }
  return found;
}

struct Ban {
  const char* pattern;  // ECMAScript, on the code without comments and literals
  const char* instead;
  bool (*allowed)(const SourceFile&);
};

Violations banned(const Sources& sources, const std::vector<Ban>& bans, bool on_text = false) {
  Violations found;
  for (const auto& ban : bans) {
    const std::regex pattern(ban.pattern, std::regex::multiline);
    for (const auto& file : sources) {
      if ((!on_text && !file.is_cpp()) || ban.allowed(file)) continue;
      const auto& where = on_text ? file.text : file.code;
      for (std::sregex_iterator it(where.begin(), where.end(), pattern), end; it != end; ++it) {
        found.push_back(fmt::format("{}:{}: '{}': {}", file.path,
                                    line_of(where, static_cast<size_t>(it->position())), it->str(),
                                    ban.instead));
      }
    }
  }
  return found;
}

bool nowhere(const SourceFile&) { return false; }
bool is_entry_point(const SourceFile& file) { return file.folder() == "cmd"; }
// Tests over real sockets need real time, and a peer of their own.
bool is_socket_test(const SourceFile& file) { return file.folder() == "net" && file.is_test(); }
bool is_clock(const SourceFile& file) {
  return is_entry_point(file) || file.path.starts_with("base/clock") || file.path == "net/event_loop.cc" ||
         is_socket_test(file);
}
bool is_random(const SourceFile& file) {
  return is_entry_point(file) || file.path.starts_with("base/random");
}
// The store's commit thread hides behind its interface.
bool is_store(const SourceFile& file) { return file.path.starts_with("server/store/"); }
bool may_use_threads(const SourceFile& file) {
  return is_entry_point(file) || is_store(file) || is_socket_test(file);
}
bool may_spawn(const SourceFile& file) {
  return is_entry_point(file) || file.is_test() || file.path.starts_with("base/task_scope") ||
         file.path.starts_with("base/child");
}

const std::vector<Ban> kSeams = {
    {R"(std::random_device)", "take a Random", is_random},
    {R"(std::mt19937\w*)", "take a Random", is_random},
    {R"(\b(s?rand|arc4random|drand48)\s*\()", "take a Random",
     [](const SourceFile& f) { return f.path.starts_with("base/random"); }},
    {R"((system|steady|high_resolution)_clock::now)", "take a Clock", is_clock},
    {R"(\b(gettimeofday|clock_gettime|time)\s*\(\s*(NULL|nullptr|0|CLOCK_))", "take a Clock", is_clock},
    {R"(\b(sleep_for|sleep_until)\s*<|\bthis_thread::sleep|\b(usleep|nanosleep)\s*\()", "wait on the Clock",
     nowhere},
    {R"(\bstd::(jthread|thread|async)\b)", "there is one event loop; use coroutines", may_use_threads},
    {R"(\basio::detached\b|\bco_spawn\s*\()", "spawn through TaskScope", may_spawn},
};

const std::vector<Ban> kPureLayers = {
    {R"(\b(asio|Clock|Random|Task<|TaskScope)\b)", "policies and schema are pure: values in, values out",
     [](const SourceFile& f) { return f.is_test() || (f.folder() != "policies" && f.folder() != "schema"); }},
    {R"(oam\.dev|\bApplication\b|\bsharer)", "kube knows no domain words",
     [](const SourceFile& f) { return f.is_test() || f.folder() != "kube"; }},
};

bool is_header(const SourceFile& file) { return file.is_header(); }

const std::vector<Ban> kHeavyHeaders = {
    {R"(#include <boost/(asio|beast)[^\n]*)", "name it in a .cc only; headers use base/task.h",
     [](const SourceFile& f) { return !is_header(f) || f.path == "base/task.h"; }},
    {R"(#include <(openssl|rapidjson|yaml-cpp|spdlog|prometheus)/[^\n]*|#include <sqlite3[^\n]*)",
     "name it in a .cc only",
     // Owners of OpenSSL's handles, shared by the .cc files of net.
     [](const SourceFile& f) { return !is_header(f) || f.path == "net/openssl.h"; }},
};

// Spelled in two parts, so that this file does not hold them.
const std::vector<Ban> kTexts = {
    {"\\.\\./"
     "shared",
     "only .ci/run may name it", [](const SourceFile& f) { return f.path == ".ci/run"; }},
    {"\\b(TO"
     "DO|FIX"
     "ME|XX"
     "X)\\b",
     "do it, or say in words what is not done", nowhere},
    {"/tmp/"
     "wt|/wor"
     "k/",
     "no paths of one machine", nowhere},
    {"^<<<<"
     "<<< |^>>>>"
     ">>> ",
     "a merge left this behind", nowhere},
};

Violations missing_from_cmake(const Sources& sources) {
  std::string lists;
  for (const auto& file : sources) {
    if (!file.path.ends_with("CMakeLists.txt") && !file.path.ends_with(".cmake")) continue;
    lists += " " + file.path.substr(0, file.path.rfind('/') + 1) + "\n" + file.text + "\n";
  }
  Violations found;
  for (const auto& file : sources) {
    if (!file.path.ends_with(".cc")) continue;
    const std::regex whole(
        "(^|[\\s/(])" + std::regex_replace(file.name(), std::regex(R"(\.)"), "\\.") + "($|[\\s)])",
        std::regex::multiline);
    if (!std::regex_search(lists, whole))
      found.push_back(file.path + ": is in no CMakeLists.txt, so nobody builds it");
  }
  return found;
}

Violations all_of(const Sources& sources, Violations (*rule)(const SourceFile&)) {
  Violations found;
  for (const auto& file : sources) {
    if (!file.is_cpp()) continue;
    auto some = rule(file);
    found.insert(found.end(), some.begin(), some.end());
  }
  return found;
}

Violations without_pragma_once(const Sources& sources) {
  Violations found;
  for (const auto& file : sources) {
    if (file.is_header() && file.code.find("#pragma once") == std::string::npos) {
      found.push_back(file.path + ": begins without #pragma once");
    }
  }
  return found;
}

SourceFile made_up(const std::string& path, const std::string& text) {
  return {path, text, without_comments_and_literals(text)};
}

}  // namespace

#define CHECK_NONE(violations)            \
  do {                                    \
    const auto text = joined(violations); \
    CHECK_MESSAGE(text.empty(), text);    \
  } while (false)

TEST_CASE("the repository is where the tests think it is") {
  CHECK(std::ranges::count(repository(), "base/result.h", &SourceFile::path) == 1);
}

TEST_CASE("a folder includes only lower ones") { CHECK_NONE(wrong_includes(repository())); }
TEST_CASE("heavy headers stay out of headers") { CHECK_NONE(banned(repository(), kHeavyHeaders)); }
TEST_CASE("time, chance and threads come through the seams") { CHECK_NONE(banned(repository(), kSeams)); }
TEST_CASE("pure layers stay pure and kube knows no domain") { CHECK_NONE(banned(repository(), kPureLayers)); }
TEST_CASE("no file holds what must not be there") { CHECK_NONE(banned(repository(), kTexts, true)); }
TEST_CASE("every source file is built") { CHECK_NONE(missing_from_cmake(repository())); }
TEST_CASE("headers are included once") { CHECK_NONE(without_pragma_once(repository())); }
TEST_CASE("co_await stands alone") { CHECK_NONE(all_of(repository(), awaits_with_temporaries)); }
TEST_CASE("coroutines own their parameters") {
  CHECK_NONE(all_of(repository(), coroutines_with_borrowed_parameters));
}

TEST_CASE("the rules find what breaks them") {
  const Sources upward = {made_up("base/a.cc", "#include \"kube/b.h\"\n"), made_up("kube/b.h", "")};
  CHECK(wrong_includes(upward).size() == 1);
  const Sources downward = {made_up("kube/a.cc", "#include \"base/b.h\"\n"), made_up("base/b.h", "")};
  CHECK(wrong_includes(downward).empty());
  CHECK(wrong_includes({made_up("base/a.cc", "#include \"b.h\"\n")}).size() == 1);
  const Sources local = {made_up("server/local_api.cc", "#include \"kube/api.h\"\n"),
                         made_up("server/watch.cc", "#include \"kube/api.h\"\n"), made_up("kube/api.h", "")};
  CHECK(wrong_includes(local).size() == 1);

  const auto now = std::string("auto t = std::chrono::system_clock::now();\n");
  CHECK(banned({made_up("core/a.cc", now)}, kSeams).size() == 1);
  CHECK(banned({made_up("base/clock.cc", now)}, kSeams).empty());
  CHECK(banned({made_up("core/a.cc", "// " + now)}, kSeams).empty());
  CHECK(banned({made_up("core/a.cc", "int operand(int x);")}, kSeams).empty());
  CHECK(banned({made_up("net/a.h", "#include <boost/beast/http.hpp>\n")}, kHeavyHeaders).size() == 1);
  CHECK(banned({made_up("net/a.cc", "#include <boost/beast/http.hpp>\n")}, kHeavyHeaders).empty());
  CHECK(banned({made_up("kube/a.cc", "struct Application;\n")}, kPureLayers).size() == 1);
  CHECK(banned({made_up("docs/a.md",
                        "TO"
                        "DO later\n")},
               kTexts, true)
            .size() == 1);

  CHECK(missing_from_cmake({made_up("base/CMakeLists.txt", "SRCS b.cc)"), made_up("base/a.cc", "")}).size() ==
        1);
  CHECK(missing_from_cmake({made_up("base/CMakeLists.txt", "SRCS a.cc)"), made_up("base/a.cc", "")}).empty());
}

TEST_CASE("comments and literals are blanked, lines stay") {
  CHECK(without_comments_and_literals("a // b\nc") == "a     \nc");
  CHECK(without_comments_and_literals("a /* b\n */ c") == "a     \n    c");
  CHECK(without_comments_and_literals("f(\"a\\\"b\")") == "f(\"    \")");
  CHECK(without_comments_and_literals("R\"x(a\")x\" b") == "R\"      \" b");
  CHECK(without_comments_and_literals("1'000 + 'x'") == "1'000 + ' '");
}
