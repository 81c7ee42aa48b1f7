using Microsoft.AspNetCore.Http;

namespace OrleansDL.Http;

/// <summary>Reads <c>pageSize</c> and <c>pageToken</c> from the query.</summary>
internal sealed record Paging(PageRequest Page)
{
    public static ValueTask<Paging?> BindAsync(HttpContext context)
    {
        var query = context.Request.Query;
        var size = 100;
        if (query["pageSize"].ToString() is { Length: > 0 } text && (!int.TryParse(text, out size) || size is < 1 or > PageRequest.MaximumSize))
        {
            throw new InvalidException($"pageSize '{text}' is out of range: 1 to {PageRequest.MaximumSize}.");
        }

        return ValueTask.FromResult<Paging?>(new Paging(new PageRequest { Size = size, Token = query["pageToken"].ToString() is { Length: > 0 } token ? token : null }));
    }
}
