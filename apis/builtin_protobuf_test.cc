#include "apis/builtin_protobuf.h"

#include <filesystem>
#include <fstream>
#include <sstream>

#include <doctest/doctest.h>

namespace heirloom {
namespace {

std::string content(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

// Without nulls, empty texts, objects and lists: JSON and protobuf do not tell these from absence alike.
void write_dense(JsonBuilder& out, JsonView value) {
  if (value.is_object()) {
    out.begin_object();
    for (const JsonMember member : value.members()) {
      JsonBuilder inner;
      write_dense(inner, member.value);
      const Json dense = inner.take();
      const bool nothing = dense.is_null() ||
                           ((dense.is_object() || dense.is_array()) && dense.view().empty()) ||
                           (dense.is_string() && dense.view().string().empty());
      if (!nothing) out.member(member.key, dense);
    }
    out.end_object();
  } else if (value.is_array()) {
    out.begin_array();
    for (const JsonView element : value.elements()) write_dense(out, element);
    out.end_array();
  } else {
    out.value(value);
  }
}

Json dense(JsonView value) {
  JsonBuilder out;
  write_dense(out, value);
  return out.take();
}

}  // namespace

TEST_CASE("objects read from a real server's protobuf are its JSON") {
  int compared = 0;
  for (const auto& entry : std::filesystem::directory_iterator("apis/testdata/protobuf")) {
    if (entry.path().extension() != ".protobuf") continue;
    CAPTURE(entry.path().filename().string());
    const auto read = read_protobuf_object(content(entry.path()));
    REQUIRE_MESSAGE(read.ok(), read.status().message());
    std::filesystem::path json_path = entry.path();
    const auto expected = Json::parse(content(json_path.replace_extension(".json")));
    REQUIRE(expected.ok());
    CHECK(write_json(dense(*read)).size() == write_json(dense(*expected)).size());
    const bool same = dense(*read) == dense(*expected);
    const std::string both = write_json(dense(*read)) + "\n" + write_json(dense(*expected));
    CHECK_MESSAGE(same, both);
    ++compared;
  }
  CHECK(compared >= 15);
}

TEST_CASE("what kubectl sends to create a namespace is read") {
  const unsigned char bytes[] = {0x6b, 0x38, 0x73, 0x00, 0x0a, 0x0f, 0x0a, 0x02, 0x76, 0x31, 0x12,
                                 0x09, 0x4e, 0x61, 0x6d, 0x65, 0x73, 0x70, 0x61, 0x63, 0x65, 0x12,
                                 0x19, 0x0a, 0x11, 0x0a, 0x01, 0x74, 0x12, 0x00, 0x1a, 0x00, 0x22,
                                 0x00, 0x2a, 0x00, 0x32, 0x00, 0x38, 0x00, 0x42, 0x00, 0x12, 0x00,
                                 0x1a, 0x02, 0x0a, 0x00, 0x1a, 0x00, 0x22, 0x00};
  const auto read =
      read_protobuf_object(std::string_view(reinterpret_cast<const char*>(bytes), sizeof bytes));
  REQUIRE(read.ok());
  CHECK(write_json(*read) ==
        R"({"apiVersion":"v1","kind":"Namespace","metadata":{"name":"t"},"spec":{},"status":{}})");
}

TEST_CASE("bytes that are no object are refused") {
  CHECK(read_protobuf_object("").status().code() == 400);
  CHECK(read_protobuf_object("{}").status().code() == 400);
  CHECK(read_protobuf_object(std::string_view("k8s\0\xff\xff", 6)).status().code() == 400);
  // An envelope of a kind we have no numbers for.
  CHECK(read_protobuf_object(std::string_view("k8s\0\x0a\x06\x12\x04Node", 12)).status().code() == 415);
}

TEST_CASE("damaged bytes never do more than fail") {
  const std::string good = content("apis/testdata/protobuf/pods.protobuf");
  REQUIRE(good.size() > 500);
  for (std::size_t size = 0; size < good.size(); size += 3)
    (void)read_protobuf_object(good.substr(0, size)).ok();
  for (std::size_t i = 4; i < good.size(); ++i) {
    std::string bad = good;
    bad[i] = static_cast<char>(bad[i] ^ (1 << (i % 8)));
    (void)read_protobuf_object(bad).ok();
  }
  CHECK(read_protobuf_object(good).ok());
}

}  // namespace heirloom
