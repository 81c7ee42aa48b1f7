using Microsoft.Extensions.DependencyInjection;
using OrleansDL.Datasets.Imports;

namespace OrleansDL.Tests.Datasets;

/// <summary>A node that may import from this machine, and from nowhere else.</summary>
public sealed class ImportNode : DatasetNode
{
    internal FixedNames Names { get; } = new();

    protected override void Configure(IServiceCollection services)
    {
        services.Configure<ImportOptions>(options =>
        {
            options.AllowedHosts = ["127.0.0.1", "files.test", "rebound.test", "*.wild.test", "s3://blobs"];
            options.AllowedNetworks = ["127.0.0.1/32"];
            options.AllowPlainHttp = true;
            options.MaximumBytes = 5_000_000;
            options.Silence = TimeSpan.FromSeconds(2);
        });
        services.AddSingleton<INameResolver>(Names);
    }
}
