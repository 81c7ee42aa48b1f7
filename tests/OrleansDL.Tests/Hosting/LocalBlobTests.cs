using OrleansDL.Blobs;

namespace OrleansDL.Tests.Hosting;

public sealed class LocalBlobTests : BlobContractTests
{
    protected override BlobOptions NewStore() => new();
}
