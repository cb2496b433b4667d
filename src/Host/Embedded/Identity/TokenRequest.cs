using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Primitives;

namespace Saga.Host.Embedded.Identity;

/// <summary>A token request with the client's credentials, from either the form or a Basic header.</summary>
internal sealed record TokenRequest(string GrantType, string ClientId, string ClientSecret)
{
    private const int LargestBody = 8 * 1024;
    private const string Basic = "Basic ";

    /// <param name="context">A POST of a form.</param>
    /// <returns>The request, or an error code of RFC 6749 and a description.</returns>
    public static async Task<(TokenRequest? Request, string Error, string Words)> ReadAsync(HttpContext context)
    {
        if (!context.Request.HasFormContentType)
            return Bad("Send a form: Content-Type application/x-www-form-urlencoded.");
        if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } limit)
            limit.MaxRequestBodySize = LargestBody;
        IFormCollection form;
        try
        {
            form = await context.Request.ReadFormAsync(
                new FormOptions { ValueCountLimit = 20, KeyLengthLimit = 100, ValueLengthLimit = 2000, BufferBodyLengthLimit = LargestBody }, context.RequestAborted);
        }
        catch (Exception e) when (e is InvalidDataException or BadHttpRequestException)
        {
            return Bad("The form is malformed or too large.");
        }

        if (form.Any(f => f.Value.Count > 1))
            return Bad("A parameter is repeated.");
        var grant = form["grant_type"].ToString();
        if (grant.Length == 0)
            return Bad("grant_type is missing.");
        var header = context.Request.Headers.Authorization;
        if (StringValues.IsNullOrEmpty(header))
            return (new TokenRequest(grant, form["client_id"].ToString(), form["client_secret"].ToString()), "", "");
        if (form.ContainsKey("client_secret"))
            return Bad("Authenticate either with the header or with the form, not both.");
        return FromHeader(header.ToString()) is { } basic && (!form.TryGetValue("client_id", out var named) || named == basic.Id)
            ? (new TokenRequest(grant, basic.Id, basic.Secret), "", "")
            : Bad("The Authorization header is not Basic credentials of the client.");
    }

    // A record's default text would include the secret.
    public override string ToString() => $"{GrantType} of {ClientId}";

    private static (string Id, string Secret)? FromHeader(string header)
    {
        if (!header.StartsWith(Basic, StringComparison.OrdinalIgnoreCase))
            return null;
        var bytes = new byte[header.Length];
        if (!Convert.TryFromBase64String(header[Basic.Length..].Trim(), bytes, out var length))
            return null;
        var pair = Encoding.UTF8.GetString(bytes, 0, length).Split(':', 2);
        // RFC 6749, 2.3.1: both halves are form-encoded.
        return pair.Length == 2 ? (Decode(pair[0]), Decode(pair[1])) : null;
    }

    private static string Decode(string text) => Uri.UnescapeDataString(text.Replace('+', ' '));

    private static (TokenRequest?, string, string) Bad(string words) => (null, "invalid_request", words);
}
