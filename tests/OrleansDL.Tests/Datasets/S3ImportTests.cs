using Amazon.Runtime;
using Amazon.S3;
using Amazon.S3.Model;
using Microsoft.Extensions.Options;
using OrleansDL.Datasets;
using OrleansDL.Datasets.Imports;
using OrleansDL.Tests.Harness;
using OrleansDL.Tests.Hosting;

namespace OrleansDL.Tests.Datasets;

public sealed class S3ImportTests(S3Server server, ImportNode node) : IClassFixture<S3Server>, IClassFixture<ImportNode>
{
    [Fact]
    public async Task Everything_below_a_prefix_is_imported_and_checked_again_later()
    {
        var store = node.Service<IOptions<ImportOptions>>().Value.S3;
        var own = server.NewStore().S3;
        (store.Endpoint, store.PathStyle, store.AccessKey, store.SecretKey) = (own.Endpoint, own.PathStyle, own.AccessKey, own.SecretKey);
        using var s3 = new AmazonS3Client(
            new BasicAWSCredentials(own.AccessKey, own.SecretKey),
            new AmazonS3Config
            {
                ServiceURL = own.Endpoint,
                ForcePathStyle = true,
                AuthenticationRegion = "us-east-1",
                RequestChecksumCalculation = RequestChecksumCalculation.WHEN_REQUIRED,
            });
        const int Small = 300;
        for (var i = 0; i < Small; i++)
        {
            await PutAsync(s3, $"set/{i % 5}/a b+{i}.txt", 50 + i, i);
        }

        var large = await PutAsync(s3, "set/large.bin", 1_500_000, 1000);
        await PutAsync(s3, "other/x", 10, 1);

        await node.CreateAsync("bucket", "files");
        using var client = node.Client();
        var import = await client.Datasets.Imports.StartAsync("bucket", new ImportSpec { Source = "s3://blobs/set/", Path = "in" });
        await Eventually.TrueAsync("the import to end", async () => (import = await client.Datasets.Imports.GetAsync("bucket", import.Id)).Status is not ImportStatus.Running);
        Assert.Equal((ImportStatus.Completed, null, Small + 1L), (import.Status, import.Error, import.ObjectsDone));

        var version = await client.Datasets.GetVersionAsync("bucket");
        Assert.Equal((Small + 1L, "s3://blobs/set/"), (version.Files, Assert.Single(version.Sources).Uri));
        await using var content = await client.Datasets.DownloadAsync("bucket", path: "in/large.bin");
        using var bytes = new MemoryStream();
        await content.CopyToAsync(bytes);
        Assert.Equal(large, bytes.ToArray());

        Assert.Equal("unchanged", Assert.Single(await client.Datasets.Imports.CheckSourcesAsync("bucket")).State);
        await PutAsync(s3, "set/0/a b+0.txt", 60, 5);
        await PutAsync(s3, "set/new", 60, 5);
        await s3.DeleteObjectAsync("blobs", "set/1/a b+1.txt");
        var changed = Assert.Single(await client.Datasets.Imports.CheckSourcesAsync("bucket"));
        Assert.Equal(("changed", "1 objects more, 1 with other bytes, 1 gone."), (changed.State, changed.Detail));
    }

    private static async Task<byte[]> PutAsync(AmazonS3Client s3, string key, int length, int seed)
    {
        var content = new byte[length];
        new Random(seed).NextBytes(content);
        using var stream = new MemoryStream(content);
        await s3.PutObjectAsync(new PutObjectRequest { BucketName = "blobs", Key = key, InputStream = stream });
        return content;
    }
}
