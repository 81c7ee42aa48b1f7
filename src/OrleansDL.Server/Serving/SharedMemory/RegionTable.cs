using Microsoft.Extensions.Options;
using OrleansDL.Serving.Protocol;

namespace OrleansDL.Serving.SharedMemory;

/// <summary>The regions registered with this server, each in its project. They hold until they are unregistered or the server ends.</summary>
internal sealed class RegionTable(IOptions<SharedMemoryOptions> options) : IDisposable
{
    private const int LongestName = 255;
    private readonly Lock _lock = new();
    private readonly Dictionary<string, SortedDictionary<string, SharedRegion>> _projects = new(StringComparer.Ordinal);

    /// <param name="project">Whose it is.</param>
    /// <param name="name">How requests call it.</param>
    /// <param name="key">Its name as shared memory.</param>
    /// <param name="offset">Where in that memory it begins.</param>
    /// <param name="bytes">How many bytes of it belong to the region.</param>
    /// <exception cref="InferenceProtocolException">The name is taken, there are too many, or the memory is not there.</exception>
    public void Register(string project, string name, string key, ulong offset, ulong bytes)
    {
        if (key.Length == 0)
        {
            throw SharedMemoryFile.NotThere(key);
        }

        if (name.Length is 0 or > LongestName || name.AsSpan().ContainsAnyInRange('\0', '\u001f'))
        {
            throw InferenceProtocolException.Invalid($"'region name' is necessary to register system shared memory region: at most {LongestName} characters, none of them a control character");
        }

        var file = SharedMemoryFile.NameOf(name, key, options.Value.KeyPrefix.Replace("{project}", project, StringComparison.Ordinal));
        lock (_lock)
        {
            CheckFree(project, name);
        }

        var handle = SharedMemoryFile.Open(file);
        try
        {
            var length = (ulong)RandomAccess.GetLength(handle);
            if (bytes == 0 || offset > length || bytes > length - offset)
            {
                throw InferenceProtocolException.Invalid(
                    $"failed to register shared memory region '{name}': invalid args: '{key}' has {length} bytes, and offset {offset} with byte_size {bytes} does not name some of them");
            }

            lock (_lock)
            {
                CheckFree(project, name);
                if (!_projects.TryGetValue(project, out var regions))
                {
                    _projects[project] = regions = new(StringComparer.Ordinal);
                }

                regions[name] = new SharedRegion(name, key, (long)offset, (long)bytes, handle);
            }
        }
        catch
        {
            handle.Dispose();
            throw;
        }
    }

    /// <summary>The project's regions by name, those too that go when the requests that use them have ended.</summary>
    public IReadOnlyList<SharedRegion> List(string project)
    {
        lock (_lock)
        {
            return _projects.TryGetValue(project, out var regions) ? [.. regions.Values] : [];
        }
    }

    /// <summary>Lets a region go, or all of the project's; one that requests use goes with the last of them. What is not there is no fault.</summary>
    /// <param name="project">Whose.</param>
    /// <param name="name">The region; null or empty: all.</param>
    public void Unregister(string project, string? name)
    {
        lock (_lock)
        {
            if (!_projects.TryGetValue(project, out var regions))
            {
                return;
            }

            foreach (var region in string.IsNullOrEmpty(name) ? [.. regions.Values] : regions.TryGetValue(name, out var one) ? [one] : Array.Empty<SharedRegion>())
            {
                region.IsLeaving = true;
                LetGo(project, regions, region);
            }
        }
    }

    /// <summary>A region that stays until it is given back.</summary>
    /// <exception cref="InferenceProtocolException">There is none of that name.</exception>
    public SharedRegion Use(string project, string name)
    {
        lock (_lock)
        {
            if (!_projects.TryGetValue(project, out var regions) || !regions.TryGetValue(name, out var region))
            {
                throw new InferenceProtocolException(404, $"Unable to find shared memory region: '{name}'");
            }

            region.Users++;
            return region;
        }
    }

    public void GiveBack(string project, SharedRegion region)
    {
        lock (_lock)
        {
            region.Users--;
            LetGo(project, _projects[project], region);
        }
    }

    public void Dispose()
    {
        lock (_lock)
        {
            foreach (var region in _projects.Values.SelectMany(regions => regions.Values))
            {
                region.Dispose();
            }

            _projects.Clear();
        }
    }

    private void LetGo(string project, SortedDictionary<string, SharedRegion> regions, SharedRegion region)
    {
        if (region is { IsLeaving: true, Users: 0 } && regions.Remove(region.Name))
        {
            region.Dispose();
            if (regions.Count == 0)
            {
                _projects.Remove(project);
            }
        }
    }

    private void CheckFree(string project, string name)
    {
        if (!_projects.TryGetValue(project, out var regions))
        {
            return;
        }

        if (regions.ContainsKey(name))
        {
            throw new InferenceProtocolException(409, $"shared memory region '{name}' already in manager");
        }

        if (regions.Count >= options.Value.MaximumRegions)
        {
            throw InferenceProtocolException.Invalid(
                $"failed to register shared memory region '{name}': project '{project}' has {regions.Count} already, and may have {options.Value.MaximumRegions} (Serving:SharedMemory:MaximumRegions). Unregister what is not needed.");
        }
    }
}
