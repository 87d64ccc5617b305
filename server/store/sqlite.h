// The little of SQLite that the log needs, with owners for its handles. Internal; sqlite3.h stays in .cc
// files.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"

struct sqlite3;
struct sqlite3_stmt;

namespace heirloom::server {

// A prepared statement. Bind, step to the end, reset; columns are valid until the next step.
class SqliteStatement {
 public:
  enum class Step { Row, Done, Failed };

  SqliteStatement() = default;
  explicit SqliteStatement(sqlite3_stmt* statement) : statement_(statement) {}

  void bind(int index, std::int64_t value);
  void bind(int index, std::string_view text);  // copied
  void bind_null(int index);
  Step step();
  // Runs a statement without rows and resets it; the SQLite code is the connection's.
  bool run();
  void reset();
  std::int64_t integer(int column) const;
  std::string_view text(int column) const;  // empty for NULL

 private:
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const;
  };
  std::unique_ptr<sqlite3_stmt, Finalize> statement_;
};

class SqliteConnection {
 public:
  SqliteConnection() = default;
  // Whatever SQLite says in `code()` when it fails.
  bool open(const std::string& file, const std::string& vfs);
  bool execute(const char* sql);
  bool prepare(std::string_view sql, SqliteStatement& statement);
  void close();

  int code() const;  // primary result code of the last failure
  int extended_code() const;
  std::string message() const;
  bool in_transaction() const;
  sqlite3* handle() const { return connection_.get(); }

 private:
  struct Close {
    void operator()(sqlite3* connection) const;
  };
  std::unique_ptr<sqlite3, Close> connection_;
};

}  // namespace heirloom::server
