using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Extensions;
using Microsoft.Extensions.Logging;

namespace Saga.Tests.Support;

/// <summary>A proxy in front of a real S3 server. It answers some requests itself, like a limited or failing server, and forwards the rest.</summary>
public sealed class S3Front : IAsyncDisposable
{
    private readonly WebApplication app;
    private readonly HttpClient http = new(new SocketsHttpHandler { AllowAutoRedirect = false });
    private readonly List<string> seen = [];

    private S3Front(WebApplication app) => this.app = app;

    public string Url => app.Urls.First();

    /// <summary>Method, path and query of each request.</summary>
    public IReadOnlyList<string> Seen
    {
        get
        {
            lock (seen)
                return [.. seen];
        }
    }

    /// <param name="server">The address of the real server.</param>
    /// <param name="answer">Returns a status and an XML body, or null to forward the request.</param>
    public static async Task<S3Front> StartAsync(string server, Func<HttpRequest, string, (int Status, string Body)?> answer)
    {
        var builder = WebApplication.CreateEmptyBuilder(new());
        builder.WebHost.UseKestrelCore().UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders();
        var front = new S3Front(builder.Build());
        front.app.Run(context => front.HandleAsync(context, server, answer));
        await front.app.StartAsync();
        return front;
    }

    /// <summary>An error in S3's format.</summary>
    public static (int Status, string Body) Error(int status, string code) =>
        (status, $"""<?xml version="1.0" encoding="UTF-8"?><Error><Code>{code}</Code><Message>{code} by the test</Message></Error>""");

    public async ValueTask DisposeAsync()
    {
        await app.DisposeAsync();
        http.Dispose();
    }

    private async Task HandleAsync(HttpContext context, string server, Func<HttpRequest, string, (int Status, string Body)?> answer)
    {
        using var body = new MemoryStream();
        await context.Request.Body.CopyToAsync(body);
        lock (seen)
            seen.Add($"{context.Request.Method} {context.Request.GetEncodedPathAndQuery()}");
        if (answer(context.Request, System.Text.Encoding.UTF8.GetString(body.ToArray())) is { } own)
        {
            context.Response.StatusCode = own.Status;
            context.Response.ContentType = "application/xml";
            await context.Response.WriteAsync(own.Body);
            return;
        }

        using var request = new HttpRequestMessage(new HttpMethod(context.Request.Method), server + context.Request.GetEncodedPathAndQuery())
        {
            Content = new ByteArrayContent(body.ToArray()),
        };
        // The signature covers the host that the client used.
        request.Headers.Host = context.Request.Host.Value;
        foreach (var (name, value) in context.Request.Headers)
        {
            if (name is not ("Host" or "Content-Length") && !request.Headers.TryAddWithoutValidation(name, value.ToArray()))
                request.Content.Headers.TryAddWithoutValidation(name, value.ToArray());
        }

        using var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        context.Response.StatusCode = (int)response.StatusCode;
        foreach (var (name, value) in response.Headers.Concat(response.Content.Headers))
        {
            if (name is not "Transfer-Encoding")
                context.Response.Headers[name] = value.ToArray();
        }

        if (response.StatusCode != System.Net.HttpStatusCode.NoContent && !HttpMethods.IsHead(context.Request.Method))
            await response.Content.CopyToAsync(context.Response.Body);
    }
}
