using System.IO.Compression;
using System.Net;
using System.Net.Http.Headers;
using System.Text;

namespace OrleansDL.Tests.Serving.Conformance;

/// <summary>What clients do with HTTP that the protocol says nothing about.</summary>
[Collection(ProtocolCollection.Name)]
public sealed class WireTests(ProtocolNode node)
{
    private const string Good = """{"inputs":[{"name":"x","shape":[1,4],"datatype":"FP32","data":[1,2,3,4]}]}""";
    private const string Answer = "\"data\":[2,3,4,5]";
    private const string Infer = "POST /v2/models/wired/infer HTTP/1.1";

    [Fact]
    public async Task A_connection_goes_on_after_what_was_refused_on_it_whether_the_body_was_read_or_not()
    {
        await LoadedAsync();
        await using var connection = await RawConnection.OpenAsync(node.Http.BaseAddress!);
        var unread = new string('x', 100_000);
        foreach (var (head, body, status, text) in ((string, string, int, string)[])
        [
            (Infer, "{", 400, "failed to parse the request JSON buffer"),
            (Infer, "", 400, "failed to parse the request JSON buffer"),
            (Infer, "[]", 400, "error"),
            ("POST /v2/models/nobody/infer HTTP/1.1", unread, 400, "Request for unknown model: 'nobody' is not found"),
            ("POST /v2/models/wired/versions/7/infer HTTP/1.1", unread, 404, "version 7 is not found"),
            ("PUT /v2/models/wired/infer HTTP/1.1", unread, 405, "{\"error\":\"Method Not Allowed\"}"),
            ("DELETE /v2/models/wired HTTP/1.1", "", 405, "{\"error\":\"Method Not Allowed\"}"),
            ("POST /v2/models/wired/infers HTTP/1.1", unread, 404, "{\"error\":\"Not Found\"}"),
            ("POST /v2/models//infer HTTP/1.1", Good, 404, "{\"error\":\"Not Found\"}"),
            (Infer + "\r\nContent-Encoding: br", unread, 501, "Unsupported compression type"),
            (Infer + "\r\nContent-Encoding: gzip", unread, 400, "Unable to decompress the request's gzip body"),
            (Infer + "\r\nInference-Header-Content-Length: 100", Good, 400, $"inference header size should be in range (0, {Good.Length}), got: 100"),
            (Infer + "\r\niNFERENCE-hEADER-cONTENT-lENGTH: 99999999999999999999", Good, 400, "Unable to parse Inference-Header-Content-Length, got: 99999999999999999999"),
            (Infer + $"\r\niNFERENCE-hEADER-cONTENT-lENGTH: {Good.Length}\r\nACCEPT: */*", Good, 200, Answer),
            ("POST /v2/models/%77ired/infer?verbose=1&x HTTP/1.1", Good, 200, Answer),
            ("POST /v2/models/wired%2Finfer/infer HTTP/1.1", Good, 400, "Request for unknown model"),
            ("POST /v2/models/w%20i%22r%C3%A9d/infer HTTP/1.1", Good, 400, "Request for unknown model"),
            ("POST /v2/repository/models/%2E%2E%2Fwired/load HTTP/1.1", "", 400, "model name must not contain path traversal characters"),
            ("POST /v2/repository/models/w%20ired/load HTTP/1.1", "", 500, "failed to load 'w ired', failed to poll from model repository"),
            ("POST /v2/repository/index HTTP/1.1", "", 200, "\"wired\""),
            ("GET /v2/ HTTP/1.1", "", 200, "\"extensions\""),
            (Infer, Good, 200, Answer),
        ])
        {
            await connection.SendAsync($"{head}\r\nContent-Length: {body.Length}", body);
            var answer = await connection.ReadAsync();
            Assert.True(answer.Status == status && answer.Body.Replace("\\u0027", "'", StringComparison.Ordinal).Contains(text, StringComparison.Ordinal), $"{head}: {answer.Status} {answer.Body}");
        }

        // Two requests at once: their answers in order.
        await connection.WriteAsync(string.Concat(Enumerable.Repeat($"{Infer}\r\nHost: localhost\r\nContent-Length: {Good.Length}\r\n\r\n{Good}", 2)));
        Assert.Equal((200, 200), ((await connection.ReadAsync()).Status, (await connection.ReadAsync()).Status));
    }

    [Fact]
    public async Task A_body_is_asked_for_only_where_it_may_come()
    {
        await LoadedAsync();
        await using var connection = await RawConnection.OpenAsync(node.Http.BaseAddress!);
        await connection.SendAsync($"{Infer}\r\nExpect: 100-continue\r\nContent-Length: {Good.Length}");
        Assert.Equal(100, (await connection.ReadAsync()).Status);
        await connection.WriteAsync(Good);
        var answer = await connection.ReadAsync();
        Assert.True(answer.Status == 200 && answer.Body.Contains(Answer, StringComparison.Ordinal), answer.Body);

        foreach (var (path, bytes) in ((string, long)[])[("models/wired/infer", ProtocolNode.MaximumBytes + 1), ("repository/models/wired/load", 2_900_000_000)])
        {
            await using var other = await RawConnection.OpenAsync(node.Http.BaseAddress!);
            await other.SendAsync($"POST /v2/{path} HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: {bytes}");
            var refused = await other.ReadAsync();
            Assert.Equal(400, refused.Status);
            Assert.Contains($"request JSON size of {bytes} bytes exceeds the maximum allowed input size{(bytes > int.MaxValue ? ". " : " of ")}", refused.Body, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Chunks_may_have_extensions_and_trailers_and_be_of_one_byte()
    {
        await LoadedAsync();
        await using var connection = await RawConnection.OpenAsync(node.Http.BaseAddress!);
        var chunks = string.Concat(Good.Select(letter => $"1;name=\"a\"\r\n{letter}\r\n"));
        await connection.SendAsync($"{Infer}\r\nTransfer-Encoding: chunked\r\nTrailer: Checked", $"{chunks}0\r\nChecked: yes\r\n\r\n");
        var answer = await connection.ReadAsync();
        Assert.True(answer.Status == 200 && answer.Body.Contains(Answer, StringComparison.Ordinal), answer.Body);

        // Raw, as the reference server's suite encodes it by hand.
        var raw = Encoding.Latin1.GetString([.. new[] { 1f, 2, 3, 4 }.SelectMany(BitConverter.GetBytes)]);
        await connection.SendAsync($"{Infer}\r\nTransfer-Encoding: chunked\r\nInference-Header-Content-Length: 0", $"10\r\n{raw}\r\n0\r\n\r\n");
        answer = await connection.ReadAsync();
        Assert.Equal(200, answer.Status);
        Assert.EndsWith(Encoding.Latin1.GetString([.. new[] { 2f, 3, 4, 5 }.SelectMany(BitConverter.GetBytes)]), answer.Body, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("application/json; charset=utf-8")]
    [InlineData("application/x-www-form-urlencoded")]
    [InlineData("text/plain")]
    [InlineData("application/octet-stream")]
    [InlineData("multipart/form-data; boundary=x")]
    public async Task A_body_is_read_whatever_type_it_says_it_has(string? type)
    {
        await LoadedAsync();
        foreach (var path in (string[])["infer", "generate"])
        {
            using var content = new ByteArrayContent(Encoding.UTF8.GetBytes(path == "infer" ? Good : """{"x":[1,2,3,4]}"""));
            content.Headers.ContentType = type is null ? null : MediaTypeHeaderValue.Parse(type);
            using var answer = await node.Http.PostAsync($"/v2/models/wired/{path}", content);
            Assert.Contains("[2,3,4,5]", await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("gzip")]
    [InlineData("GZip")]
    [InlineData("deflate")]
    [InlineData("Deflate")]
    [InlineData("Identity")]
    public async Task Encodings_are_known_by_their_names_in_any_case_and_count_what_comes_out_of_them(string encoding)
    {
        await LoadedAsync();
        Assert.Contains(Answer, await PostAsync(Encoding.UTF8.GetBytes(Good), 200), StringComparison.Ordinal);
        if (encoding is not "Identity")
        {
            Assert.Contains("exceeds the maximum allowed input size", await PostAsync(new byte[ProtocolNode.MaximumBytes + 1], 400), StringComparison.Ordinal);
            using var refused = await SendAsync(Encoding.UTF8.GetBytes("{}"), "/v2/models/wired/generate");
            Assert.Contains("Unsupported content-encoding, only 'identity' is supported.", await refused.Content.ReadAsStringAsync(), StringComparison.Ordinal);
            Assert.Equal(HttpStatusCode.BadRequest, refused.StatusCode);
        }

        async Task<string> PostAsync(byte[] body, int status)
        {
            using var response = await SendAsync(body, "/v2/models/wired/infer");
            Assert.Equal(status, (int)response.StatusCode);
            return await response.Content.ReadAsStringAsync();
        }

        async Task<HttpResponseMessage> SendAsync(byte[] body, string path)
        {
            using var content = new ByteArrayContent(encoding.ToUpperInvariant() switch
            {
                "GZIP" => Pack(body, packed => new GZipStream(packed, CompressionLevel.Fastest)),
                "DEFLATE" => Pack(body, packed => new ZLibStream(packed, CompressionLevel.Fastest)),
                _ => body,
            })
            { Headers = { ContentEncoding = { encoding } } };
            return await node.Http.PostAsync(path, content);
        }
    }

    [Fact]
    public async Task REST_is_spoken_over_HTTP_2_without_encryption_where_gRPC_is()
    {
        await LoadedAsync();
        using var client = new HttpClient { BaseAddress = node.Node.RpcUrl, DefaultRequestVersion = HttpVersion.Version20, DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact };
        using var live = await client.GetAsync("/v2/health/live");
        Assert.Equal((HttpVersion.Version20, HttpStatusCode.OK), (live.Version, live.StatusCode));
        var answers = await Task.WhenAll(Enumerable.Range(0, 20).Select(async _ =>
        {
            using var answer = await client.PostAsync("/v2/models/wired/infer", new StringContent(Good));
            return await answer.Content.ReadAsStringAsync();
        }));
        Assert.All(answers, answer => Assert.Contains(Answer, answer, StringComparison.Ordinal));
    }

    private static byte[] Pack(byte[] body, Func<Stream, Stream> encoder)
    {
        using var packed = new MemoryStream();
        using (var pack = encoder(packed))
        {
            pack.Write(body);
        }

        return packed.ToArray();
    }

    private async Task LoadedAsync()
    {
        using var ready = await node.Http.GetAsync("/v2/models/wired/ready");
        if (!ready.IsSuccessStatusCode)
        {
            using var loaded = await node.LoadAsync("wired", OffsetModel.Write(1));
            Assert.True(loaded.IsSuccessStatusCode, await loaded.Content.ReadAsStringAsync());
        }
    }
}
