using Microsoft.AspNetCore.Http;

namespace OrleansDL.Serving;

/// <summary>Chooses a version for a request that names none. Built once for a route; choosing allocates nothing.</summary>
internal sealed class Traffic
{
    private const int Whole = 10_000;
    private const ulong Basis = 14695981039346656037;
    private const ulong Prime = 1099511628211;
    private readonly (string Header, string Value, RouteEntry Entry)[] _rules;
    private readonly (int Below, RouteEntry? Entry)[] _shares;
    private readonly string? _keyHeader;
    private readonly ulong _seed;

    /// <param name="spec">The terms.</param>
    /// <param name="deployment">So that a user is not on the same side in every deployment.</param>
    /// <param name="versionOf">The version of a number as one the deployment chose; null when it does not answer.</param>
    public Traffic(TrafficSpec spec, Guid deployment, Func<long, RouteEntry?> versionOf)
    {
        _keyHeader = spec.KeyHeader;
        _seed = Mix(Basis, deployment.ToString());
        _rules = [.. spec.Rules.Select(rule => (rule.Header, rule.Value, Entry: versionOf(rule.Version))).Where(rule => rule.Entry is not null).Select(rule => (rule.Header, rule.Value, rule.Entry!))];

        // Lowest version first: a higher one's growing share takes users from it, and gives none of its own away.
        var below = 0d;
        _shares = [.. spec.Shares.OrderBy(share => share.Version).Select(share => ((int)Math.Round((below += share.Percent) * Whole / 100), versionOf(share.Version)))];
    }

    /// <summary>The version for a request; null: the one that answers without all this.</summary>
    public RouteEntry? Choose(IHeaderDictionary? headers)
    {
        foreach (var (header, value, entry) in _rules)
        {
            if (headers is not null && headers.TryGetValue(header, out var given) && given.Count == 1 && given[0] == value)
            {
                return entry;
            }
        }

        if (_shares.Length == 0)
        {
            return null;
        }

        var at = _keyHeader is not null && headers is not null && headers.TryGetValue(_keyHeader, out var key) && key is [{ Length: > 0 } user]
            ? (int)(Spread(Mix(_seed, user)) % Whole)
            : Random.Shared.Next(Whole);
        foreach (var (below, entry) in _shares)
        {
            if (at < below)
            {
                return entry;
            }
        }

        return _shares[^1].Entry;
    }

    private static ulong Mix(ulong hash, string text)
    {
        foreach (var character in text)
        {
            hash = (hash ^ character) * Prime;
        }

        return hash;
    }

    // FNV's lowest bits follow the last character: users 1, 2, 3 would stand side by side.
    private static ulong Spread(ulong hash)
    {
        hash = (hash ^ (hash >> 33)) * 0xff51afd7ed558ccd;
        hash = (hash ^ (hash >> 33)) * 0xc4ceb9fe1a85ec53;
        return hash ^ (hash >> 33);
    }
}
