namespace OrleansDL.Tests.Harness;

/// <summary>Which database a test's node stands on.</summary>
public enum TestDatabase
{
    Sqlite,
    Postgres,
}
