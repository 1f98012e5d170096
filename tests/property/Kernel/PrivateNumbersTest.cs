using System.Globalization;
using System.Reflection;
using CrCore.Kernel;
using Xunit;

namespace CrProperty.Kernel;

/// <summary>Numbers that one file of the kernel's door keeps to itself: requests to terminals, TUN devices and interfaces, attributes of links.</summary>
public sealed class PrivateNumbersTest
{
    private const string Headers = """
        #include <stdio.h>
        #include <asm/ioctls.h>
        #include <asm/termbits.h>
        #include <linux/if.h>
        #include <linux/if_addr.h>
        #include <linux/if_link.h>
        #include <linux/if_tun.h>
        #include <linux/kd.h>
        #include <linux/rtnetlink.h>
        #include <linux/sockios.h>
        #include <linux/tty.h>
        #include <linux/vt.h>
        """;

    // A constant here and its C name; an enumerator, which no #ifdef sees, has a star before it.
    private const string Terminals = """
        GetPeer TIOCGPTPEER  SetControlling TIOCSCTTY  SetForeground TIOCSPGRP  GiveUpControlling TIOCNOTTY  SetLock TIOCSPTLCK
        SetExclusive TIOCEXCL  GetIndex TIOCGPTN  GetModes TCGETS2  SetModes TCSETS2  GetLockedModes TIOCGLCKTRMIOS
        SetLockedModes TIOCSLCKTRMIOS  GetWindow TIOCGWINSZ  SetWindow TIOCSWINSZ  GetDevice TIOCGDEV  GetLock TIOCGPTLCK
        GetPacket TIOCGPKT  SetPacket TIOCPKT  GetExclusive TIOCGEXCL  GetSession TIOCGSID  GetForeground TIOCGPGRP
        GetDiscipline TIOCGETD  GetDrawing KDGETMODE  GetSwitching VT_GETMODE
        """;

    private const string Tun = """
        SetInterface TUNSETIFF  SetPersistent TUNSETPERSIST  SetQueue TUNSETQUEUE  SetIndex TUNSETIFINDEX  NameSize IFNAMSIZ
        GetInterface TUNGETIFF  GetSendBuffer TUNGETSNDBUF  SetSendBuffer TUNSETSNDBUF  GetHeaderSize TUNGETVNETHDRSZ
        SetHeaderSize TUNSETVNETHDRSZ  GetLittleEndian TUNGETVNETLE  SetLittleEndian TUNSETVNETLE  GetFilter TUNGETFILTER
        SetOwner TUNSETOWNER  SetGroup TUNSETGROUP  SetCarrier TUNSETCARRIER  GetNamespace TUNGETDEVNETNS
        """;

    private const string InterfaceCalls = "SetFlags SIOCSIFFLAGS  SetMtu SIOCSIFMTU  SetAddress SIOCSIFHWADDR  SetQueueLength SIOCSIFTXQLEN";

    private const string Interface = """
        RouteNetlink NETLINK_ROUTE  GetLink *RTM_GETLINK  GetAddress *RTM_GETADDR  GetRoute *RTM_GETROUTE  GetQueueing *RTM_GETQDISC
        LinkMessageSize *sizeof(struct/ifinfomsg)  AddressMessageSize *sizeof(struct/ifaddrmsg)  RouteMessageSize *sizeof(struct/rtmsg)
        QueueingMessageSize *sizeof(struct/tcmsg)  LinkAddress *IFLA_ADDRESS  LinkName *IFLA_IFNAME  LinkMtu *IFLA_MTU
        LinkMaster *IFLA_MASTER  LinkQueueLength *IFLA_TXQLEN  LinkInfo *IFLA_LINKINFO  LinkAlias *IFLA_IFALIAS
        LinkCarrier *IFLA_CARRIER  LinkXdp *IFLA_XDP  InfoData *IFLA_INFO_DATA  TunOwner *IFLA_TUN_OWNER  TunGroup *IFLA_TUN_GROUP
        TunInformation *IFLA_TUN_PI  XdpAttached *IFLA_XDP_ATTACHED
        """;

    [FactWith("cc")]
    public void Numbers_are_those_of_the_headers()
    {
        (string Name, string C, long Value)[] numbers =
        [
            .. Of(typeof(TerminalCalls), Terminals), .. Of(typeof(TunCalls), Tun),
            .. Of(typeof(NetworkInterfaceCalls), InterfaceCalls), .. Of(typeof(NetworkInterface), Interface),
        ];
        var answers = CHeaders.Ask(numbers.Select(n => (Expression(n.C), n.C[0] == '*' ? null : n.C)).Distinct(), Headers);

        var known = numbers.Where(n => answers.ContainsKey(Expression(n.C))).ToArray();
        Assert.Equal(known.Select(n => $"{n.Name} {(uint)answers[Expression(n.C)]:x}"), known.Select(n => $"{n.Name} {(uint)n.Value:x}"));
        // Of a name that headers do not have nothing would be compared; all of these are older than any that can be met.
        Assert.Empty(numbers.Where(n => !answers.ContainsKey(Expression(n.C))).Select(n => n.C));
    }

    private static string Expression(string c) => c.TrimStart('*').Replace('/', ' ');

    private static IEnumerable<(string Name, string C, long Value)> Of(Type type, string pairs)
    {
        var words = pairs.Split([' ', '\n', '\r'], StringSplitOptions.RemoveEmptyEntries);
        for (var i = 0; i < words.Length; i += 2)
        {
            var field = type.GetField(words[i], BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic)
                ?? throw new MissingFieldException(type.Name, words[i]);
            yield return ($"{type.Name}.{words[i]}", words[i + 1], Convert.ToInt64(field.GetRawConstantValue(), CultureInfo.InvariantCulture));
        }
    }
}
