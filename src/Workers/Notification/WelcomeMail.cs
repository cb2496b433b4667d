using System.Net;
using Saga.Registry.Tenants;

namespace Saga.Workers.Notification;

/// <summary>The text of the mail to a new tenant's administrator.</summary>
internal static class WelcomeMail
{
    /// <param name="tenant">The tenant.</param>
    /// <param name="operation">The operation that sends the mail.</param>
    /// <param name="step">Its step.</param>
    /// <param name="signInUrl">Where to sign in.</param>
    /// <param name="hasAccount">Whether the administrator already had an account, and therefore a password.</param>
    public static Mail Write(Tenant tenant, Guid operation, string step, string signInUrl, bool hasAccount)
    {
        var password = hasAccount
            ? "You already have an account: sign in with your existing password."
            : "At your first sign-in you will be asked for missing details, such as a password of your own.";
        var name = MailName.Of(tenant);
        var (safeName, safeUrl) = (WebUtility.HtmlEncode(name), WebUtility.HtmlEncode(signInUrl));
        return new Mail
        {
            MessageId = $"{step}.{operation:n}@saga.invalid",
            To = tenant.AdminEmail,
            Subject = $"{name} is ready",
            Text =
                $"""
                Hello,

                {name} is ready, and you are its administrator.

                Sign in as {tenant.AdminEmail}: {signInUrl}
                {password}

                Short name: {tenant.Slug}
                Plan: {tenant.Plan}
                """,
            Html =
                $"""
                <!doctype html>
                <html lang="en"><body style="font-family: sans-serif; line-height: 1.5">
                <p>Hello,</p>
                <p><strong>{safeName}</strong> is ready, and you are its administrator.</p>
                <p><a href="{safeUrl}">Sign in</a> as {WebUtility.HtmlEncode(tenant.AdminEmail)}.
                {password}</p>
                <p>Short name: {tenant.Slug}<br>Plan: {WebUtility.HtmlEncode(tenant.Plan)}</p>
                </body></html>
                """,
        };
    }
}
