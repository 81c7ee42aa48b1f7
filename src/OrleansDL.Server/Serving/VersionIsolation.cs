using OrleansDL.Models;

namespace OrleansDL.Serving;

/// <summary>Which versions run apart from the worker: those that our own trainer did not make, unless their deployment trusts them, and all of a deployment that asks for a process.</summary>
internal static class VersionIsolation
{
    /// <summary>Files of models that no worker loads into itself: TorchScript needs libtorch, a predictor is code.</summary>
    private static readonly string[] AlwaysApart = ["model.pt", PredictorSpec.File];

    public static bool IsIsolated(ModelVersion version, DeploymentSpec spec) =>
        spec.Process is not null || AlwaysApart.Any(version.Artifact.ContainsKey) || (version.Origin is ModelOrigin.Code or ModelOrigin.Imported && !spec.Trusted);
}
