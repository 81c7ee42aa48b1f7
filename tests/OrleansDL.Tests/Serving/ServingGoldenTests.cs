using System.Text.Json;
using OrleansDL.Serving;

namespace OrleansDL.Tests.Serving;

/// <summary>What earlier versions stored is read for ever. The files are never written again; a new form gets a new file.</summary>
public sealed class ServingGoldenTests
{
    private static readonly Route Route = new()
    {
        Deployment = new Guid("01961234-5678-7abc-8fff-000000000001"),
        Project = "default",
        Name = "digits",
        Revision = 7,
        Public = true,
        Generation = 3,
        ModelName = "digits-cnn",
        ModelVersion = 2,
        Workers = ["worker-1"],
        Signature = new ModelSignature
        {
            Inputs = [new TensorSpec { Name = "input", Type = TensorElementType.Fp32, Shape = [-1, 1, 8, 8] }],
            Outputs = [new TensorSpec { Name = "probabilities", Type = TensorElementType.Fp32, Shape = [-1, 10] }],
        },
    };

    private static readonly DeploymentState State = new()
    {
        Status = DeploymentStatus.Ready,
        Project = "default",
        Spec = new DeploymentSpec { Name = "digits", Model = "digits-cnn@production", Replicas = 2, Public = true },
        CreatedAt = new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero),
        ChangedAt = new DateTimeOffset(2026, 1, 2, 3, 4, 6, TimeSpan.Zero),
        Change = new Guid("01961234-5678-7abc-8fff-000000000002"),
        Changes = [new Guid("01961234-5678-7abc-8fff-000000000001"), new Guid("01961234-5678-7abc-8fff-000000000002")],
        SpecRevision = 2,
        Revision = 9,
        Wanted = Version(3),
        Serving = new ServingGeneration { Version = Version(3), Signature = Route.Signature, Workers = ["worker-1"] },
        Retired = [new RetiredReplica { Generation = 1, Worker = "worker-2" }],
        Route = Route,
        RecordedGeneration = 3,
    };

    [Fact]
    public void A_stored_route_is_this_for_ever() => Check("route-v1.json", Route);

    [Fact]
    public void A_stored_deployment_is_this_for_ever() => Check("deployment-state-v1.json", State);

    [Fact]
    public void A_stored_ensemble_is_this_for_ever() => Check("deployment-state-ensemble-v1.json", new DeploymentState
    {
        Status = DeploymentStatus.Ready,
        Project = "default",
        Spec = new DeploymentSpec { Name = "both", Ensemble = Ensemble, Cache = new ResponseCacheSpec { MaximumBytes = 4096, Seconds = 60 }, Raw = true },
        CreatedAt = State.CreatedAt,
        ChangedAt = State.ChangedAt,
        Revision = 3,
        Versions = [new DeployedVersion { Version = new WantedVersion { ModelName = "both", Version = 1, Number = 1, Ensemble = Ensemble, Generation = 9 }, Signature = Route.Signature }],
        Route = Route with
        {
            Ensemble = Ensemble,
            Cache = new ResponseCacheSpec { MaximumBytes = 4096, Seconds = 60 },
            Versions = [new RouteVersion { Number = 1, Generation = 9, ModelName = "both", ModelVersion = 1, Signature = Route.Signature, Ensemble = Ensemble }],
        },
    });

    private static EnsembleSpec Ensemble => new()
    {
        Inputs = [new EnsembleTensor { Name = "x", Type = TensorElementType.Fp32, Shape = [-1, 4] }],
        Outputs = [new EnsembleTensor { Name = "y" }],
        Steps =
        [
            new EnsembleStep
            {
                Name = "first",
                Deployment = "digits",
                Version = 2,
                Inputs = new Dictionary<string, string> { ["input"] = "x" },
                Outputs = new Dictionary<string, string> { ["probabilities"] = "y" },
                When = "parameters.fast",
            },
        ],
        MaximumInFlight = 7,
    };

    private static void Check<T>(string file, T value)
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "OrleansDL.sln")))
        {
            folder = folder.Parent!;
        }

        var stored = File.ReadAllText(Path.Combine(folder.FullName, "tests", "OrleansDL.Tests", "Golden", "serving", file)).Trim();
        Assert.Equal(stored, JsonSerializer.Serialize(value, OdlJson.Options));
        Assert.Equal(stored, JsonSerializer.Serialize(JsonSerializer.Deserialize<T>(stored, OdlJson.Options), OdlJson.Options));
    }

    private static WantedVersion Version(long generation) => new()
    {
        Model = new Guid("01961234-5678-7abc-8fff-000000000003"),
        ModelName = "digits-cnn",
        Version = 2,
        Artifact = new Dictionary<string, BlobRef>
        {
            ["model.onnx"] = new() { Blob = BlobId.Parse("sha256:" + new string('a', 64)), Bytes = 123 },
        },
        Generation = generation,
    };
}
