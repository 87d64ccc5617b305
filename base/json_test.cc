#include "base/json.h"

#include <bit>
#include <cmath>
#include <limits>
#include <set>

#include <doctest/doctest.h>

#include "base/hash.h"
#include "base/utf8.h"

namespace heirloom {
namespace {

Json parsed(std::string_view text) {
  Result<Json> json = Json::parse(text);
  REQUIRE_MESSAGE(json.ok(), text);
  return std::move(json).value();
}

// A small generator of its own, so that the property tests need no other part of ours.
class Generator {
 public:
  explicit Generator(std::uint64_t seed) : state_(seed) {}

  std::uint64_t next() { return state_ = hash_combine(state_, 0x5DEECE66D) + 0x9E3779B97F4A7C15; }
  std::uint64_t below(std::uint64_t bound) { return next() % bound; }

  std::string text() {
    static const std::string kPieces[] = {"a",
                                          "name",
                                          "\"",
                                          "\\",
                                          "\n",
                                          "\x01",
                                          "é",
                                          "€",
                                          "😀",
                                          "\u2028",
                                          "/",
                                          "<",
                                          "app.kubernetes.io/name",
                                          " ",
                                          std::string(1, '\0'),
                                          "0123456789"};
    std::string out;
    for (std::uint64_t n = below(5); n > 0; --n) out += kPieces[below(std::size(kPieces))];
    if (below(50) == 0) out += std::string(70'000, 'k');
    return out;
  }

  void value(JsonBuilder& out, int depth) {
    switch (below(depth > 0 ? 9 : 7)) {
      case 0:
        out.null();
        break;
      case 1:
        out.boolean(below(2) == 0);
        break;
      case 2:
        out.int64(static_cast<std::int64_t>(next() >> below(64)) * (below(2) == 0 ? 1 : -1));
        break;
      case 3:
        out.uint64(next());
        break;
      case 4:
        out.number(fraction());
        break;
      case 5:
      case 6:
        out.string(text());
        break;
      case 7: {
        out.begin_array();
        for (std::uint64_t n = below(6); n > 0; --n) value(out, depth - 1);
        out.end_array();
        break;
      }
      default: {
        out.begin_object();
        for (std::uint64_t n = below(20) == 0 ? below(100) : below(8); n > 0; --n) {
          out.key(below(3) == 0 ? "k" + std::to_string(below(1000)) : text());
          value(out, depth - 1);
        }
        out.end_object();
      }
    }
  }

  Json json(int depth = 5) {
    JsonBuilder out;
    value(out, depth);
    return out.take();
  }

 private:
  // Whole doubles read back as integers, as in Go, so the generator makes none below the exponent notation.
  double fraction() {
    for (;;) {
      const double value = std::bit_cast<double>(next());
      if (std::isfinite(value) && (std::trunc(value) != value || std::fabs(value) >= 1e21)) return value;
    }
  }

  std::uint64_t state_;
};

// The same content with the members of every object in another order.
void shuffled(JsonView value, Generator& random, JsonBuilder& out) {
  if (value.is_array()) {
    out.begin_array();
    for (const JsonView element : value.elements()) shuffled(element, random, out);
    out.end_array();
  } else if (value.is_object()) {
    std::vector<JsonMember> members;
    for (const JsonMember& member : value.members())
      members.insert(members.begin() + static_cast<std::ptrdiff_t>(random.below(members.size() + 1)), member);
    out.begin_object();
    for (const JsonMember& member : members) {
      out.key(member.key);
      shuffled(member.value, random, out);
    }
    out.end_object();
  } else {
    out.value(value);
  }
}

TEST_CASE("what was written reads back equal, compact and pretty") {
  Generator random(1);
  for (int i = 0; i < 3000; ++i) {
    const Json json = random.json();
    const std::string text = write_json(json);
    CAPTURE(i);
    CHECK(parsed(text) == json);
    CHECK(parsed(write_json_pretty(json)) == json);
    CHECK(write_json(parsed(text)) == text);
    CHECK(hash_json(parsed(text)) == hash_json(json));
  }
}

TEST_CASE("member order does not count, anything else does") {
  Generator random(2);
  for (int i = 0; i < 2000; ++i) {
    const Json json = random.json();
    JsonBuilder out;
    shuffled(json, random, out);
    const Json other = out.take();
    const Json different = random.json();
    CAPTURE(write_json(json));
    CHECK(other == json);
    CHECK(hash_json(other) == hash_json(json));
    CHECK((write_json(different) == write_json(json)) == (different == json));
    CHECK((hash_json(different) == hash_json(json)) == (different == json));
  }
}

TEST_CASE("a subtree copied into its own block is equal to the original") {
  Generator random(3);
  for (int i = 0; i < 500; ++i) {
    const Json json = random.json(6);
    for (const JsonMember& member : json.view().members()) {
      const Json copy = member.value.to_json();
      CHECK(copy == member.value.to_json());
      CHECK(JsonView(copy) == member.value);
      CHECK(write_json(copy) == write_json(member.value));
      CHECK(json.view()[member.key] == member.value);
      CHECK(hash_json(copy) == hash_json(member.value));
    }
  }
}

TEST_CASE("numbers are written as Go writes them") {
  struct Case {
    double value;
    std::string_view text;
  };
  const Case cases[] = {
      {0.0, "0"},
      {-0.0, "-0"},
      {1.0, "1"},
      {-1.0, "-1"},
      {0.1, "0.1"},
      {1.5, "1.5"},
      {100, "100"},
      {1e6, "1000000"},
      {1e20, "100000000000000000000"},
      {1e21, "1e+21"},
      {1.5e21, "1.5e+21"},
      {123456789012345680000.0, "123456789012345680000"},
      {1e-6, "0.000001"},
      {1.25e-6, "0.00000125"},
      {9.5e-7, "9.5e-7"},
      {1e-7, "1e-7"},
      {1e-10, "1e-10"},
      {0.30000000000000004, "0.30000000000000004"},
      {5e-324, "5e-324"},
      {2.2250738585072011e-308, "2.225073858507201e-308"},
      {1.7976931348623157e308, "1.7976931348623157e+308"},
      {-1e100, "-1e+100"},
      {3.141592653589793, "3.141592653589793"},
      {12345.678, "12345.678"},
      {9007199254740993.0, "9007199254740992"},
  };
  for (const Case& c : cases) {
    JsonBuilder out;
    out.number(c.value);
    CHECK(write_json(out.take()) == c.text);
  }
}

TEST_CASE("strings are escaped as Go does without HTML escaping") {
  struct Case {
    std::string_view value, text;
  };
  const Case cases[] = {
      {"plain", R"("plain")"},
      {"<&>", R"("<&>")"},
      {"\"\\/", R"("\"\\/")"},
      {"\b\f\n\r\t", R"("\b\f\n\r\t")"},
      {"\x01\x1F\x7F", "\"\\u0001\\u001f\x7F\""},
      {"\u2028\u2029\u2027", "\"\\u2028\\u2029\u2027\""},
      {std::string_view("\0", 1), R"("\u0000")"},
      {"", R"("")"},
      {"é€😀", "\"é€😀\""},
  };
  for (const Case& c : cases) CHECK(write_json(Json::string(c.value)) == c.text);
}

TEST_CASE("bytes that are not UTF-8 never reach the text") {
  CHECK(write_json(Json::string("a\xFF\xC0z")) == "\"a\uFFFD\uFFFDz\"");
  CHECK(write_json(Json::object({{"\xED\xA0\x80", 1}})) == "{\"\uFFFD\uFFFD\uFFFD\":1}");
  Generator random(4);
  for (int i = 0; i < 2000; ++i) {
    std::string bytes(random.below(40), ' ');
    for (char& c : bytes)
      c = static_cast<char>(random.below(4) == 0 ? random.below(128) : 0x80 + random.below(0x80));
    const Json json = Json::string(bytes);
    CHECK(is_valid_utf8(json.view().string()));
    CHECK(is_valid_utf8(bytes) == (json.view().string() == bytes));
    CHECK(parsed(write_json(json)) == json);
  }
}

TEST_CASE("a look-up on the wrong kind is Missing and gives the fallback") {
  const Json json =
      parsed(R"({"n":1,"u":18446744073709551615,"d":1.5,"s":"x","b":true,"z":null,"a":[1,[2]]})");
  const JsonView v = json;
  CHECK(v["a"]["b"]["c"].kind() == JsonKind::Missing);
  CHECK_FALSE(v["nope"].exists());
  CHECK_FALSE(v["a"].element(2).exists());
  CHECK(v["z"].exists());
  CHECK(v["z"].is_null());
  CHECK(v["n"].int64() == 1);
  CHECK(v["n"].uint64() == 1);
  CHECK(v["n"].string("no") == "no");
  CHECK(v["u"].int64(-7) == -7);
  CHECK(v["u"].uint64() == std::numeric_limits<std::uint64_t>::max());
  CHECK(v["d"].number() == 1.5);
  CHECK(v["d"].int64(9) == 9);
  CHECK(v["s"].boolean(true));
  CHECK(v["b"].boolean());
  CHECK(v["a"].element(1).element(0).int64() == 2);
  CHECK(v["a"].size() == 2);
  CHECK(v["s"].size() == 0);
  CHECK(JsonView() == JsonView());
  CHECK_FALSE(JsonView() == v["z"]);
  CHECK(JsonView().to_json().is_null());
  CHECK(v.depth() == 3);
  CHECK(v["n"].depth() == 0);
}

TEST_CASE("one number has one representation, and kinds are distinct") {
  JsonBuilder small;
  small.uint64(1);
  CHECK(small.take() == Json::int64(1));
  CHECK_FALSE(parsed("1") == parsed("1.5"));
  CHECK_FALSE(parsed("1") == parsed("1.0"));
  CHECK(hash_json(parsed("0.0")) == hash_json(parsed("-0.0")));
  CHECK(parsed("0.0") == parsed("-0.0"));
  CHECK_FALSE(parsed("0") == parsed("false"));
  CHECK_FALSE(parsed("[]") == parsed("{}"));
  CHECK_FALSE(parsed("null") == parsed("0"));
}

TEST_CASE("literals hold every kind, and copies share one block") {
  const std::string name = "shop";
  const Json inner = Json::object({{"name", name}});
  const Json json = Json::object({{"kind", "Namespace"},
                                  {"metadata", inner},
                                  {"list", Json::array({1, true, nullptr, 1.5, "x", inner["name"]})}});
  CHECK(write_json(json) ==
        R"({"kind":"Namespace","metadata":{"name":"shop"},"list":[1,true,null,1.5,"x","shop"]})");
  Json copy = json;
  CHECK(copy["kind"].string().data() == json["kind"].string().data());
  const Json moved = std::move(copy);
  CHECK(copy.is_null());  // NOLINT: a moved-from Json is null by contract
  CHECK(moved == json);
  CHECK(Json().is_null());
  CHECK(write_json(Json()) == "null");
  CHECK(Json() == parsed("null"));
}

TEST_CASE("a large object finds each member and keeps their order") {
  for (const int count : {31, 32, 33, 1000}) {
    JsonBuilder out;
    out.begin_object();
    for (int i = 0; i < count; ++i) out.member("key-" + std::to_string(i * 7919 % count), i);
    out.end_object();
    const Json json = out.take();
    CHECK(json.view().size() == static_cast<std::size_t>(count));
    int i = 0;
    for (const JsonMember& member : json.view().members()) {
      CHECK(member.key == "key-" + std::to_string(i * 7919 % count));
      CHECK(json.view()[member.key].int64(-1) == i);
      ++i;
    }
    CHECK(i == count);
    CHECK_FALSE(json.view()["key-x"].exists());
    CHECK_FALSE(json.view()[""].exists());
    const Json outer = Json::object({{"before", json}, {"it", json}});
    CHECK(outer["it"] == json.view());
    CHECK(parsed(write_json(outer)) == outer);
  }
}

TEST_CASE("values deeper than the parser allows can be built, compared, hashed and written") {
  constexpr int kDepth = 200'000;
  JsonBuilder out;
  for (int i = 0; i < kDepth; ++i) out.begin_array();
  for (int i = 0; i < kDepth; ++i) out.end_array();
  const Json deep = out.take();
  const Json copy = Json::array({deep});
  CHECK(copy.view().element(0) == deep.view());
  CHECK(hash_json(copy.view().element(0)) == hash_json(deep));
  CHECK(write_json(deep).size() == 2 * kDepth);
  CHECK(deep.view().depth() == kDepth);
}

TEST_CASE("repeated strings are stored once and well-known keys not at all") {
  JsonBuilder out;
  out.begin_array();
  for (int i = 0; i < 100; ++i)
    out.begin_object()
        .member("metadata", "a string of some length")
        .member("not-a-known-key", i)
        .end_object();
  out.end_array();
  const Json json = out.take();
  CHECK(json.memory_bytes() < 100 * 3 * 16 + 200);
}

TEST_CASE("hashes are the same in every process") {
  CHECK(hash_bytes("") == hash_bytes({}));
  std::set<std::uint64_t> seen;
  std::string text;
  for (int i = 0; i < 200; ++i) {
    CHECK(seen.insert(hash_bytes(text)).second);
    text += 'a';
  }
  static_assert(hash_bytes("abc") != hash_bytes("abd"));
  constexpr std::uint64_t at_compile_time = hash_bytes("a string of more than sixteen bytes");
  std::string at_run_time = "a string of more than sixteen bytes";
  CHECK(hash_bytes(at_run_time) == at_compile_time);
}

}  // namespace
}  // namespace heirloom
