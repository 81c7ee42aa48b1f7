namespace OrleansDL.Tests.Harness;

/// <summary>Tests that start the product share one database server and run one after the other: they own the machine.</summary>
[CollectionDefinition(Name)]
public sealed class ProductCollection : ICollectionFixture<PostgresServer>
{
    public const string Name = "product";
}
