using Saga.Contracts.Identifiers;
using Saga.Registry.Tenants;
using Saga.Workers.Notification;
using Shouldly;
using Xunit;

namespace Saga.Tests.Unit.Workers;

public sealed class When_a_mail_names_a_tenant
{
    [Theory]
    [InlineData("Acme & Söhne, Inc. (A.B.)")]
    [InlineData("Acme 2.0")]
    [InlineData("株式会社エイコム")]
    public void Should_use_the_name(string name) => Mail(name).Subject.ShouldBe($"{name} is ready");

    [Theory]
    [InlineData("Locked! See https://evil.example/reset")]
    [InlineData("Locked! See evil.example")]
    [InlineData("Locked! See www.evil")]
    [InlineData("Locked! See EVIL。example")]
    [InlineData("Locked! See 10.0.0.1/reset")]
    [InlineData("Locked! See bücher.example")]
    [InlineData("Write to mallory@evil")]
    [InlineData("Call tel:5551234")]
    public void Should_use_the_slug_when_the_name_contains_an_address(string name)
    {
        var mail = Mail(name);

        mail.Subject.ShouldBe("acme is ready");
        (mail.Text + mail.Html).ShouldNotContain(name);
        (mail.Text + mail.Html).ShouldNotContain("evil", Case.Insensitive);
    }

    private static Mail Mail(string name)
    {
        var tenant = new Tenant
        {
            Id = new TenantId(Guid.CreateVersion7()), Slug = Slug.Parse("acme"), Name = name, Plan = "basic", Tier = IsolationTier.Row, Status = TenantStatus.Active,
            Subdomain = "acme", Timezone = "UTC", AdminEmail = "ada@acme.com", Features = new Dictionary<string, bool>(),
            Settings = new Dictionary<string, System.Text.Json.JsonElement>(), Version = 1, CreatedAt = DateTimeOffset.UnixEpoch, UpdatedAt = DateTimeOffset.UnixEpoch,
        };
        return WelcomeMail.Write(tenant, Guid.Empty, "administrator.notify", "https://saga.example/", hasAccount: false);
    }
}
