# What test_decoding tells of changes, one NUL-terminated record each, as keys: for each table with one, a file of the keys that were
# written, as COPY reads them. usage: changes.pl TABLES FOLDER <records; prints what was written, NUL-terminated: `keys N name`, or
# `whole name` where keys do not tell (no key, TRUNCATE). N is the file below FOLDER.
use strict;
use warnings;

my ($tables, $folder) = @ARGV;
local $/ = "\0";
my (%spelled, %key, %file, %whole, @order);
my %escaped = ("\\" => '\\\\', "\t" => '\t', "\n" => '\n', "\r" => '\r');

my $identifier = qr/(?:"(?:[^"]|"")*"|[^\s".,:\[]+)/;
my $name = qr/$identifier\.$identifier/;

open my $list, '<', $tables or die "$tables: $!\n";
while (<$list>) {
  chomp;
  my ($table, undef, undef, undef, undef, $columns) = split /\x1f/;
  $spelled{plain($table)} = $table;
  $key{$table} = [map { plain($_) } $columns =~ /\G($identifier)(?:, |$)/g];
}

while (<STDIN>) {
  chomp;
  /\Gtable ($name(?:, $name)*): (\w+):/gc or die "A change that cannot be read.\n";
  my ($all, $action) = ($1, $2);
  my @named = $all =~ /($name)/g;
  for my $table (grep { defined } map { $spelled{plain($_)} } @named) {
    push @order, $table unless $file{$table} || $whole{$table};
    if ($action eq 'TRUNCATE' || !@{ $key{$table} }) { $whole{$table} = 1; next }
    $file{$table} ||= open_keys(scalar @order);
    note($table, $_) for tuples();
  }
}

for my $at (0 .. $#order) {
  my $table = $order[$at];
  print $whole{$table} ? "whole $table\0" : 'keys ' . ($at + 1) . " $table\0";
}

# One spelling of a name: what is a keyword, and stands in quotes, differs from one version of Postgres to the next.
sub plain { return join '.', map { /^"([a-z_][a-z0-9_]*)"$/ ? $1 : $_ } $_[0] =~ /$identifier/g }

sub open_keys {
  open my $file, '>', "$folder/$_[0]" or die "$folder: $!\n";
  return $file;
}

# The row before and the row after, or the one that there is: values by column, as the types spell them.
sub tuples {
  my @tuples = ({});
  while (/\G /gc) {
    if (/\Gold-key:/gc) { next }
    if (/\Gnew-tuple:/gc) { push @tuples, {}; next }
    /\G($identifier)\[(.*?)\]:/gcs or last;
    my $column = plain($1);
    if (/\G'((?:[^']|'')*)'/gc) { ($tuples[-1]{$column} = $1) =~ s/''/'/g }
    elsif (/\GB'([01]*)'/gc) { $tuples[-1]{$column} = $1 }
    elsif (/\G([^\s]+)/gc) { $tuples[-1]{$column} = $1 }
  }
  return @tuples;
}

sub note {
  my ($table, $tuple) = @_;
  my @values = map { $tuple->{$_} } @{ $key{$table} };
  # No key, no row that can be told: all of the table comes.
  if (grep { !defined || $_ eq 'unchanged-toast-datum' } @values) { $whole{$table} = 1; return }
  s/([\\\t\n\r])/$escaped{$1}/g for @values;
  print { $file{$table} } join("\t", @values), "\n";
}
