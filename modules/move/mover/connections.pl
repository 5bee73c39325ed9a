# Writes both sides' connections for libpq: a service file that only this user reads, so that no password stands in a
# command line, and what the environment's database needs to call the old one. Prints where the old one's name leads, as JSON.
use strict;
use warnings;
use Socket qw(getaddrinfo getnameinfo AF_INET6 SOCK_STREAM NI_NUMERICHOST NIx_NOSERV);

my ($folder, $rehearse) = @ARGV;
my %known = map { $_ => 1 } qw(sslmode channel_binding options gssencmode target_session_attrs connect_timeout);
my $url = $ENV{SOURCE_URL} // '';

sub refuse { print "refused\t$_[0]\t$_[1]\n"; exit 0 }
sub decode { my $text = shift // ''; $text =~ s/%([0-9A-Fa-f]{2})/chr hex $1/ge; $text }
sub quote { my $text = shift; $text =~ s/([\\'])/\\$1/g; "'$text'" }

$url =~ s/^\s+|\s+$//g;
my ($user, $password, $place, $database, $query) =
  $url =~ m{^postgres(?:ql)?://(?:([^:@/]*)(?::([^@/]*))?@)?([^/?]+)(?:/([^?]*))?(?:\?(.*))?$}
  or refuse('url', 'The URL of the old database is none: it begins with postgres:// and has a user, a password, a host and a database.');
refuse('url', 'The URL of the old database names several hosts: name the one that is written to.') if $place =~ /,/;
my ($host, $port) = $place =~ /^\[([^\]]+)\](?::(\d+))?$/ ? ($1, $2) : $place =~ /^([^:]+)(?::(\d+))?$/;
refuse('url', 'The URL of the old database has a host that cannot be read.') unless defined $host;
$port //= 5432;
($user, $password, $database) = map { decode($_) } $user, $password, $database;
$database = $user if $database eq '';
my %options = (sslmode => 'prefer');
for my $pair (split /&/, $query // '') {
  my ($name, $value) = split /=/, $pair, 2;
  $options{$name} = decode($value) if $known{$name};
}
# The image knows no authorities, and no file of the old side's: what is asked for here can be encrypted, not verified.
my $unverified = $options{sslmode} =~ /^verify-(?:ca|full)$/ ? $options{sslmode} : '';
# Other clients have more modes, as node-postgres has no-verify: all of them encrypt.
$options{sslmode} = 'require' if $options{sslmode} !~ /^(?:disable|allow|prefer|require)$/;
refuse('url', "The URL of the old database has no $$_[0].") for grep { $$_[1] eq '' } ['user', $user], ['password', $password];
refuse('url', 'The URL of the old database has a line break in it.') if grep { /[\r\n\0]/ } $user, $password, $database;

my %source = (host => $host, port => $port, user => $user, password => $password, dbname => $database, %options);
my $target = $ENV{PGDATABASE} // '';
my %target = (
  host => $ENV{PGHOST}, port => $ENV{PGPORT} // 5432, user => $ENV{PGUSER}, password => $ENV{PGPASSWORD},
  dbname => $target, sslmode => $ENV{PGSSLMODE} // 'require',
);
my %common = (application_name => 'slipway-move', keepalives_idle => 60, connect_timeout => 20);
my %services = (source => \%source, instance => \%target, target => { %target, $rehearse ? (dbname => "${target}_rehearsal") : () });

umask 077;
open my $file, '>', "$folder/services" or die "$folder/services: $!";
for my $name (sort keys %services) {
  my %all = (%common, %{ $services{$name} });
  print $file "[$name]\n", map { "$_=$all{$_}\n" } sort keys %all;
}
close $file;
open my $upstream, '>', "$folder/upstream" or die "$folder/upstream: $!";
my %call = (%source, application_name => 'slipway-move', keepalives_idle => 60);
delete $call{port};
print $upstream join ' ', map { "$_=" . quote($call{$_}) } sort keys %call;
close $upstream;

my ($error, @found) = getaddrinfo($host, $port, { socktype => SOCK_STREAM });
my (@four, @six);
for my $one (@found) {
  my (undef, $address) = getnameinfo($one->{addr}, NI_NUMERICHOST, NIx_NOSERV);
  push @{ $one->{family} == AF_INET6 ? \@six : \@four }, $address;
}
my $list = sub { join ',', map { "\"$_\"" } @_ };
(my $shown = $host) =~ s/["\\]//g;
printf "ok\t%s\t%s\t{\"host\":\"%s\",\"port\":%d,\"ipv4\":[%s],\"ipv6\":[%s],\"unverified\":\"%s\"}\n", $host, $port, $shown, $port, $list->(@four), $list->(@six), $unverified;
