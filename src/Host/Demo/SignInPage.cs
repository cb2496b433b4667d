using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Saga.Host.Demo;

/// <summary>The target of the link in mails of an evaluation host, which has no product to sign in to.</summary>
internal static class SignInPage
{
    public const string Path = "/sign-in";

    private const string Html =
        """
        <!doctype html>
        <html lang="en"><head><meta charset="utf-8"><title>Sign in</title></head>
        <body style="font-family: sans-serif; line-height: 1.5; max-width: 40em; margin: 3em auto">
        <h1>Your product's sign-in page</h1>
        <p>Saga provisioned the tenant and sent its administrator here. People sign in to your product, so this evaluation has no page for it.
        Set <code>Saga:Mail:SignInUrl</code> to your product's address, and mails will link there.</p>
        <p>Programs get a token with the command that the host prints at its start. <a href="/docs">The API's reference</a> lists what they can do.</p>
        </body></html>
        """;

    public static void MapSignInPage(this IEndpointRouteBuilder app) =>
        app.MapGet(Path, () => TypedResults.Content(Html, "text/html; charset=utf-8")).AllowAnonymous().ExcludeFromDescription();
}
