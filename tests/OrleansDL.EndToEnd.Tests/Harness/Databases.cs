using System.Collections;

namespace OrleansDL.Tests.Harness;

/// <summary>For a theory that holds on every database.</summary>
internal sealed class Databases : IEnumerable<object[]>
{
    public IEnumerator<object[]> GetEnumerator()
    {
        yield return [TestDatabase.Sqlite];
        yield return [TestDatabase.Postgres];
    }

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}
