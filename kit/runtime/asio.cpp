// Asio itself, compiled once for the whole program (BOOST_ASIO_SEPARATE_COMPILATION). Its TLS part is in kit/net.
#include <boost/asio/impl/src.hpp>
