using OrleansDL.Serving;

namespace OrleansDL.Tests.Monitoring;

/// <summary>Routes of a deployment of the model <c>digits</c>, whose version is its generation.</summary>
internal static class Routes
{
    public static readonly Guid Deployment = new("0198a5b0-0000-7000-8000-000000000001");

    public static Route Digits(long generation) => new()
    {
        Deployment = Deployment,
        Project = "default",
        Name = "digits",
        Revision = generation,
        Public = false,
        Generation = generation,
        ModelName = "digits",
        ModelVersion = generation,
    };
}
