using System.Security.Cryptography;
using OrleansDL.Training.Sandbox;
using OrleansDL.UserCode;

namespace OrleansDL.Tests.UserCode;

public sealed class SecretBoxTests
{
    private static readonly byte[] Key = [.. Enumerable.Range(0, SecretBox.KeyBytes).Select(number => (byte)number)];

    /// <summary>Made with the crypto module of Node.js: what is sealed today must open for ever.</summary>
    [Fact]
    public void What_was_sealed_once_opens_for_ever()
    {
        var box = new SecretBox(Key);
        Assert.Equal("bced36c0ec50b87d", box.KeyId);
        Assert.Equal("geheim-ß", box.Open("default", "API_KEY", "AQcHBwcHBwcHBwcHBy00Ak6aPGDE0FTAD5rCGyhoD845BmL6N1k="));
    }

    [Fact]
    public void A_sealed_value_opens_for_its_project_name_and_key_alone()
    {
        var box = new SecretBox(Key);
        var text = box.Seal("default", "API_KEY", "value");
        Assert.Equal("value", box.Open("default", "API_KEY", text));
        Assert.NotEqual(text, box.Seal("default", "API_KEY", "value"));
        Assert.ThrowsAny<CryptographicException>(() => box.Open("others", "API_KEY", text));
        Assert.ThrowsAny<CryptographicException>(() => box.Open("default", "OTHER", text));
        Assert.ThrowsAny<CryptographicException>(() => new SecretBox(RandomNumberGenerator.GetBytes(SecretBox.KeyBytes)).Open("default", "API_KEY", text));
    }

    [Fact]
    public void A_secret_is_taken_out_of_a_line_wherever_it_stands_whole()
    {
        var redaction = new Redaction(["s3cret", "first line\r\nsecond line", "abc"]);
        Assert.Equal("key=***, again ***!", redaction.Of("key=s3cret, again s3cret!"));
        Assert.Equal("*** and ***", redaction.Of("first line and second line"));
        Assert.Equal("abc s3cre", redaction.Of("abc s3cre"));
    }
}
