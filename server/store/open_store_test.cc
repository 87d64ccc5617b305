#include <cstdlib>
#include <filesystem>
#include <fstream>

#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>
#include <boost/asio/io_context.hpp>

#include <doctest/doctest.h>

#include "base/task_scope.h"
#include "server/store/testing/faulty_disk.h"
#include "server/store/testing/store_fixture.h"

namespace heirloom::server {
namespace {

class TemporaryDirectory {
 public:
  TemporaryDirectory() {
    std::string pattern = (std::filesystem::temp_directory_path() / "heirloom-store-XXXXXX").string();
    HEIRLOOM_ASSERT(mkdtemp(pattern.data()) != nullptr);
    path = pattern;
  }
  ~TemporaryDirectory() {
    std::error_code ignored;
    std::filesystem::remove_all(path, ignored);
  }
  std::string path;
};

DiskOptions at(const std::string& directory) {
  DiskOptions options;
  options.directory = directory;
  return options;
}

unsigned mode_of(const std::string& path) {
  struct stat info {};
  return stat(path.c_str(), &info) == 0 ? info.st_mode & 0777 : 0;
}

void execute(const std::string& file, const std::string& sql) {
  sqlite3* connection = nullptr;
  REQUIRE(sqlite3_open(file.c_str(), &connection) == SQLITE_OK);
  CHECK(sqlite3_exec(connection, sql.c_str(), nullptr, nullptr, nullptr) == SQLITE_OK);
  sqlite3_close(connection);
}

// The message of opening the directory after `sql` was run on its database.
std::string message_after(const std::string& sql) {
  TemporaryDirectory directory;
  {
    StoreFixture f(at(directory.path), {});
    REQUIRE(f.open().ok());
    f.put("/a", 1);
    f.put("/a", 2);
    f.put("/b", 1);
  }
  execute(directory.path + "/heirloom.db", sql);
  StoreFixture f(at(directory.path), {});
  const Status status = f.open();
  CHECK(status.message().find(directory.path + "/heirloom.db") != std::string::npos);
  return status.message();
}

bool contains(const std::string& text, std::string_view part) { return text.find(part) != text.npos; }

}  // namespace

TEST_CASE("a store on the real disk is there again, and for this user alone") {
  TemporaryDirectory parent;
  const std::string directory = parent.path + "/data";
  {
    StoreFixture f(at(directory), {});
    REQUIRE(f.open().ok());
    f.put("/a", 1);
    CHECK(mode_of(directory) == 0700);
    CHECK(mode_of(directory + "/heirloom.db") == 0600);
    CHECK(mode_of(directory + "/heirloom.db-wal") == 0600);
  }
  StoreFixture f(at(directory), {});
  REQUIRE(f.open().ok());
  CHECK(f.listed("") == "/a=1");
}

TEST_CASE("a second store on the same directory is refused and does the first no harm") {
  TemporaryDirectory directory;
  StoreFixture first(at(directory.path), {});
  REQUIRE(first.open().ok());
  first.put("/a", 1);
  for (int i = 0; i < 2; ++i) {
    StoreFixture second(at(directory.path), {});
    const Status status = second.open();
    CHECK_FALSE(status.ok());
    CHECK(contains(status.message(), "in use by another process"));
    CHECK(contains(status.message(), directory.path));
  }
  CHECK(first.put("/a", 2) == 3);
}

TEST_CASE("a directory that cannot be used is named, with what to do") {
  TemporaryDirectory directory;
  std::ofstream(directory.path + "/file") << "x";
  StoreFixture in_file(at(directory.path + "/file"), {});
  CHECK(contains(in_file.open().message(), directory.path + "/file"));
  StoreFixture no_parent(at(directory.path + "/missing/data"), {});
  const Status status = no_parent.open();
  CHECK(contains(status.message(), directory.path + "/missing/data"));
  CHECK(contains(status.message(), "choose another"));
}

TEST_CASE("a database that cannot be trusted is refused in one message that says why") {
  CHECK(contains(message_after("UPDATE meta SET format = 2"), "store format 2"));
  CHECK(contains(message_after("DELETE FROM meta"), "damaged: table meta is empty"));
  CHECK(contains(message_after("DELETE FROM log WHERE revision = 2"),
                 "damaged: revision 3 follows revision 2"));
  CHECK(contains(message_after("UPDATE log SET value = '{' WHERE revision = 4"),
                 "damaged: the value of revision 4"));
  CHECK(contains(message_after("PRAGMA application_id = 5"), "some other program"));
  CHECK(contains(message_after("DROP TABLE log"), "no such table"));
}

TEST_CASE("a file that is no database is refused") {
  TemporaryDirectory directory;
  std::ofstream(directory.path + "/heirloom.db") << std::string(10'000, 'x');
  StoreFixture f(at(directory.path), {});
  const Status status = f.open();
  CHECK(contains(status.message(), "damaged"));
  CHECK(contains(status.message(), "restore"));
}

TEST_CASE("flipped bytes are refused or harmless, never a crash") {
  FaultyDisk disk(7);
  DiskOptions options;
  options.directory = "/data";
  options.vfs = disk.vfs();
  {
    StoreFixture f(options, {});
    REQUIRE(f.open().ok());
    for (int i = 0; i < 50; ++i) f.put(fmt::format("/a/{}", i), i);
    await(f.loop, f.store->close());
  }
  const std::string good = disk.content("/data/heirloom.db");
  REQUIRE(good.size() > 4096);
  SeededRandom random(7);
  int refused = 0;
  for (int i = 0; i < 300; ++i) {
    std::string bad = good;
    for (int flips = 0; flips < 4; ++flips)
      bad[random.below(bad.size())] ^= static_cast<char>(1 + random.below(255));
    disk.set_content("/data/heirloom.db", bad);
    StoreFixture f(options, {});
    if (!f.open().ok()) ++refused;
  }
  CHECK(refused > 0);
}

namespace {

Task<void> write_many(Store* store, int writer, int count, int* written) {
  for (int i = 0; i < count; ++i) {
    Write write;
    write.key = fmt::format("/w/{}/{}", writer, i);
    write.value = numbered(i);
    const auto committed = co_await store->commit(std::move(write));
    if (committed.ok()) ++*written;
  }
}

}  // namespace

TEST_CASE("with a thread for the commits, concurrent writers get their answers and share transactions") {
  TemporaryDirectory directory;
  boost::asio::io_context context(1);
  ManualClock clock;
  auto opened = open_store(at(directory.path), {}, context.get_executor(), &clock,
                           make_thread_commit_runner(context.get_executor()));
  REQUIRE(opened.ok());
  const std::unique_ptr<Store> store = std::move(opened).value();
  int written = 0;
  TaskScope scope(context.get_executor());
  for (int i = 0; i < 16; ++i) scope.spawn("writer", write_many(store.get(), i, 20, &written));
  context.run();
  CHECK(scope.size() == 0);
  CHECK(written == 320);
  CHECK(store->stats().commits == 320);
  CHECK(store->stats().batches < 320);
  CHECK(store->revision() == 321);
}

}  // namespace heirloom::server
