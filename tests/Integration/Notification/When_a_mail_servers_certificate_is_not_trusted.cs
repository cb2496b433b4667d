using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Saga.Contracts.Failures;
using Saga.Tests.Support;
using Saga.Workers.Notification;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Notification;

/// <summary>No TLS mode accepts an untrusted certificate, and none falls back to an unencrypted connection.</summary>
public sealed class When_a_mail_servers_certificate_is_not_trusted
{
    [Theory]
    [InlineData("starttls", false)]
    [InlineData("true", false)]
    [InlineData("implicit", true)]
    public async Task Should_send_nothing(string tls, bool tlsAtOnce)
    {
        using var certificate = SelfSigned();
        await using var sink = new MailSink(certificate: certificate, tlsAtOnce: tlsAtOnce);
        await using var host = MailHost.Smtp(sink.Port, tls: tls);

        var error = await SendAsync(host);

        error.ShouldSatisfyAllConditions(() => error.Code.ShouldBe("smtp-certificate-refused"), () => error.Message.ShouldContain("UntrustedRoot"), () => error.Kind.ShouldBe(FailureKind.Outage, "it stops all tenants alike, and is renewed"));
        sink.Mails.ShouldBeEmpty();
    }

    [Fact]
    public async Task Should_say_that_the_port_speaks_no_tls()
    {
        await using var sink = new MailSink();
        await using var host = MailHost.Smtp(sink.Port, tls: "implicit");

        (await SendAsync(host)).Code.ShouldBe("smtp-tls-refused");
        sink.Mails.ShouldBeEmpty();
    }

    private static async Task<MailException> SendAsync(WorkerHost host) =>
        await Should.ThrowAsync<MailException>(() => host.Get<IMailer>().SendAsync(When_mail_is_sent.Mail(), CancellationToken.None));

    private static X509Certificate2 SelfSigned()
    {
        using var key = RSA.Create(2048);
        var request = new CertificateRequest("CN=127.0.0.1", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        var names = new SubjectAlternativeNameBuilder();
        names.AddIpAddress(System.Net.IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        return request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
    }
}
