// The compiled part of Asio (BOOST_ASIO_SEPARATE_COMPILATION): here once instead of in every file.
#include <boost/asio/impl/src.hpp>
