using System.Net;
using System.Net.Sockets;
using System.Text;
using Saga.Tests.Support.Containers;
using Saga.Tests.Support.Keycloak.Real;
using Shouldly;
using Xunit;

namespace Saga.Tests.Unit.Servers;

public sealed class When_the_source_of_test_servers_is_chosen
{
    [Theory]
    [InlineData(null, false)]
    [InlineData("", false)]
    [InlineData("local", false)]
    [InlineData("auto", true)]
    [InlineData("containers", true)]
    public async Task Should_be_containers_where_they_are_asked_for_and_an_engine_answers(string? value, bool containers) =>
        (await TestServers.ChooseAsync(value, () => Task.FromResult<string?>(null))).ShouldBe(containers);

    [Fact]
    public async Task Should_be_processes_where_no_engine_answers() =>
        (await TestServers.ChooseAsync("auto", () => Task.FromResult<string?>("nothing listens"))).ShouldBeFalse();

    [Theory]
    [InlineData("containers", "SAGA_TEST_SERVERS is 'containers', and no Docker engine answers: nothing listens. Start one, or set SAGA_TEST_SERVERS to auto or local.")]
    [InlineData("docker", "SAGA_TEST_SERVERS is 'docker'. It must be local, containers or auto.")]
    public async Task Should_say_what_is_wrong(string value, string message) =>
        (await Should.ThrowAsync<InvalidOperationException>(() => TestServers.ChooseAsync(value, () => Task.FromResult<string?>("nothing listens")))).Message.ShouldBe(message);

    [Theory]
    [InlineData(true, false, false, false, null)]
    [InlineData(false, true, false, false, null)]
    [InlineData(false, false, true, true, null)]
    [InlineData(false, false, true, false, "Starting one needs Java")]
    [InlineData(false, false, false, true, "SAGA_TEST_SERVERS asks for no containers")]
    public void Should_be_a_real_Keycloak_where_one_is_named_or_can_be_started(bool isNamed, bool areContainers, bool canStart, bool hasJava, string? missing)
    {
        var said = RealKeycloak.Missing(isNamed, areContainers, canStart, hasJava);

        if (missing is null)
            said.ShouldBeNull();
        else
            said.ShouldNotBeNull().ShouldContain(missing);
    }

    [Theory]
    [InlineData("200 OK", null)]
    [InlineData("503 Service Unavailable", "answered 503")]
    public async Task Should_ask_the_engine_at_its_socket(string status, string? reason)
    {
        var path = Path.Combine(Directory.CreateTempSubdirectory("saga-test-docker-").FullName, "docker.sock");
        using var listener = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        listener.Bind(new UnixDomainSocketEndPoint(path));
        listener.Listen();
        var serving = ServeAsync(listener, status);

        var found = await DockerEngine.WhyNoneAsync($"unix://{path}");

        (await serving).ShouldStartWith("GET /_ping HTTP/1.1");
        if (reason is null)
            found.ShouldBeNull();
        else
            found.ShouldNotBeNull().ShouldEndWith(reason);
        Directory.Delete(Path.GetDirectoryName(path)!, recursive: true);
    }

    [Fact]
    public async Task Should_say_why_there_is_no_engine()
    {
        using var free = new TcpListener(IPAddress.Loopback, 0);
        free.Start();
        var address = $"tcp://{free.LocalEndpoint}";
        free.Stop();

        (await DockerEngine.WhyNoneAsync(address)).ShouldNotBeNull().ShouldContain("does not answer");
        (await DockerEngine.WhyNoneAsync("unix:///nowhere/docker.sock")).ShouldNotBeNull().ShouldContain("does not answer");
    }

    private static async Task<string> ServeAsync(Socket listener, string status)
    {
        using var connection = await listener.AcceptAsync();
        var buffer = new byte[4096];
        var request = Encoding.ASCII.GetString(buffer, 0, await connection.ReceiveAsync(buffer));
        await connection.SendAsync(Encoding.ASCII.GetBytes($"HTTP/1.1 {status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"));
        return request;
    }
}
