#include "server/store/sqlite.h"

#include <sqlite3.h>

namespace heirloom::server {

void SqliteStatement::Finalize::operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }

void SqliteStatement::bind(int index, std::int64_t value) {
  sqlite3_bind_int64(statement_.get(), index, value);
}

void SqliteStatement::bind(int index, std::string_view text) {
  sqlite3_bind_text64(statement_.get(), index, text.data(), text.size(), SQLITE_TRANSIENT, SQLITE_UTF8);
}

void SqliteStatement::bind_null(int index) { sqlite3_bind_null(statement_.get(), index); }

SqliteStatement::Step SqliteStatement::step() {
  switch (sqlite3_step(statement_.get())) {
    case SQLITE_ROW:
      return Step::Row;
    case SQLITE_DONE:
      return Step::Done;
    default:
      return Step::Failed;
  }
}

bool SqliteStatement::run() {
  const bool done = step() == Step::Done;
  return sqlite3_reset(statement_.get()) == SQLITE_OK && done;
}

void SqliteStatement::reset() { sqlite3_reset(statement_.get()); }

std::int64_t SqliteStatement::integer(int column) const {
  return sqlite3_column_int64(statement_.get(), column);
}

std::string_view SqliteStatement::text(int column) const {
  const auto* data = sqlite3_column_text(statement_.get(), column);
  if (data == nullptr) return {};
  return {reinterpret_cast<const char*>(data),
          static_cast<std::size_t>(sqlite3_column_bytes(statement_.get(), column))};
}

void SqliteConnection::Close::operator()(sqlite3* connection) const { sqlite3_close_v2(connection); }

bool SqliteConnection::open(const std::string& file, const std::string& vfs) {
  sqlite3* connection = nullptr;
  // One thread at a time uses the connection; NOMUTEX spares the locks.
  const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;
  const int code = sqlite3_open_v2(file.c_str(), &connection, flags, vfs.empty() ? nullptr : vfs.c_str());
  connection_.reset(connection);
  if (connection != nullptr) sqlite3_extended_result_codes(connection, 1);
  return code == SQLITE_OK;
}

bool SqliteConnection::execute(const char* sql) {
  return sqlite3_exec(connection_.get(), sql, nullptr, nullptr, nullptr) == SQLITE_OK;
}

bool SqliteConnection::prepare(std::string_view sql, SqliteStatement& statement) {
  sqlite3_stmt* prepared = nullptr;
  const int code = sqlite3_prepare_v3(connection_.get(), sql.data(), static_cast<int>(sql.size()),
                                      SQLITE_PREPARE_PERSISTENT, &prepared, nullptr);
  statement = SqliteStatement(prepared);
  return code == SQLITE_OK;
}

void SqliteConnection::close() { connection_.reset(); }

int SqliteConnection::code() const { return extended_code() & 0xff; }

int SqliteConnection::extended_code() const {
  return connection_ ? sqlite3_extended_errcode(connection_.get()) : SQLITE_NOMEM;
}

std::string SqliteConnection::message() const {
  return connection_ ? sqlite3_errmsg(connection_.get()) : "out of memory";
}

bool SqliteConnection::in_transaction() const { return sqlite3_get_autocommit(connection_.get()) == 0; }

}  // namespace heirloom::server
