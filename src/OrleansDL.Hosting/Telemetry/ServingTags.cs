using OrleansDL.Serving;

namespace OrleansDL.Telemetry;

/// <summary>The labels of a series' metrics, made once so that recording allocates nothing.</summary>
internal sealed class ServingTags(Route route)
{
    private readonly Dictionary<int, KeyValuePair<string, object?>[]> _byStatus = [];
    private readonly Lock _lock = new();

    public KeyValuePair<string, object?>[] Identity { get; } = Make(route);

    public KeyValuePair<string, object?>[] WithStatus(int status)
    {
        lock (_lock)
        {
            if (!_byStatus.TryGetValue(status, out var tags))
            {
                tags = _byStatus[status] = [.. Identity, new("status", status.ToString(System.Globalization.CultureInfo.InvariantCulture))];
            }

            return tags;
        }
    }

    private static KeyValuePair<string, object?>[] Make(Route route) =>
    [
        new("project", route.Project),
        new("deployment", route.Name),
        new("model", route.ModelName),
        new("version", route.ModelVersion.ToString(System.Globalization.CultureInfo.InvariantCulture)),
    ];
}
